// SPDX-License-Identifier: BSD-3-Clause
/// A wait that Ctrl-C ends. The library never installs signal handlers; a wait policy says what an interruption means.
#include <atomic>
#include <csignal>
#include <iostream>
#include <stdexcept>

#include <heapwire/recv/heap_stream.h>
#include <heapwire/transport/inproc.h>

namespace hw = heapwire;
namespace transport = heapwire::transport;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free); // so that a signal handler may set it

int main()
{
    std::signal(SIGINT, [](int) { interrupted = true; });

    transport::io_threads threads;
    auto queue = std::make_shared<transport::inproc_queue>();
    hw::recv::heap_stream stream;
    stream.add(transport::make_inproc_source(threads, stream.gate(), queue));

    std::raise(SIGINT); // the user, in this example

    hw::signal_checking_wait policy{[]
                                    {
                                        if (interrupted)
                                            throw std::runtime_error("interrupted by the user");
                                    }};
    try
    {
        hw::heap heap;
        static_cast<void>(stream.pop(heap, policy, hw::no_deadline)); // nobody sends
    }
    catch (const std::runtime_error &e)
    {
        std::cout << e.what() << "; nothing was taken from the stream\n";
        return 0;
    }
    return 1;
}
