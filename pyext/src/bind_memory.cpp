// SPDX-License-Identifier: BSD-3-Clause
/// MemoryAllocator, MmapAllocator, MemoryPool.
#include <boost/asio/post.hpp>

#include "bridge/runtime.h"
#include "heapwire/base/log.h"
#include "memory.h"
#include "register.h"
#include "thread_pool.h"

namespace heapwire::python
{

namespace
{

struct mmap_memory : memory_allocator
{
    mmap_memory(int flags, bool prefer_huge)
        : memory_allocator(make_mmap_allocator(prefer_huge ? huge_pages::prefer : huge_pages::no, flags))
    {
    }
};

/// The core's pool owns no thread: this fills it up on one of a ThreadPool's.
class refilled_pool : public allocator, public std::enable_shared_from_this<refilled_pool>
{
public:
    refilled_pool(memory_pool_options how, std::optional<transport::io_ref> io)
        : pool_(std::move(how)), io_(std::move(io))
    {
        if (io_)
            pool_.on_low_water(arrange, this);
    }
    buffer allocate(std::size_t size, const std::byte *hint) override { return pool_.allocate(size, hint); }
    memory_pool &pool() { return pool_; }

private:
    static void arrange(void *context) noexcept
    {
        auto *self = static_cast<refilled_pool *>(context);
        try
        {
            boost::asio::post(self->io_->context(),
                              [weak = self->weak_from_this()]
                              {
                                  if (std::shared_ptr<refilled_pool> alive = weak.lock())
                                      alive->pool_.refill();
                              });
        }
        catch (const std::exception &failed) // no memory: the pool is filled by what comes back
        {
            HEAPWIRE_LOG(warning, "memory", "a memory pool could not be refilled: ", failed.what());
        }
    }

    memory_pool pool_;
    std::optional<transport::io_ref> io_;
};

struct pool_memory : memory_allocator
{
    pool_memory(std::shared_ptr<refilled_pool> p, std::shared_ptr<memory_allocator> b, std::shared_ptr<thread_pool> t)
        : memory_allocator(p), pool(std::move(p)), base(std::move(b)), threads(std::move(t))
    {
    }
    std::shared_ptr<refilled_pool> pool;
    // Or none. Here, and not in the pool, which workers may be the last to hold.
    std::shared_ptr<memory_allocator> base; // may have threads too
    std::shared_ptr<thread_pool> threads;
};

/// The incumbent takes contradictory sizes in silence, and programs may rely on that: they are made consistent. A
/// pool that can serve nothing (upper below lower, or 0) is one that no request fits.
memory_pool_options consistent(std::size_t lower, std::size_t upper, std::size_t max_free, std::size_t initial,
                               std::size_t low_water, const std::shared_ptr<memory_allocator> &base)
{
    memory_pool_options how;
    bool serves = upper > 0 && lower <= upper;
    how.upper = serves ? upper : 1;
    how.lower = serves ? lower : 1;
    how.max_free = std::max(max_free, initial);
    how.initial = serves ? initial : 0;
    how.low_water = std::min(low_water, how.initial);
    how.base = base ? base->core : nullptr;
    return how;
}

using allocator_handle = std::shared_ptr<memory_allocator>;

std::shared_ptr<pool_memory> make_pool(memory_pool_options how, allocator_handle base,
                                       std::shared_ptr<thread_pool> threads)
{
    std::optional<transport::io_ref> io;
    if (threads)
        io = threads->io();
    detached off; // takes and touches `initial` buffers
    auto pool = std::make_shared<refilled_pool>(std::move(how), std::move(io));
    return std::make_shared<pool_memory>(std::move(pool), std::move(base), std::move(threads));
}

} // namespace

void register_memory(py::module_ &m)
{
    py::class_<memory_allocator, allocator_handle>(
        m, "MemoryAllocator", "Where received heaps get their memory. Any number of threads and streams may share one.")
        .def(py::init<>(), "Ordinary memory, whose pages are there before the first packet.");

    py::class_<mmap_memory, memory_allocator, std::shared_ptr<mmap_memory>>(
        m, "MmapAllocator", "Memory straight from the kernel. Any number of threads and streams may share one.")
        .def(py::init<int, bool>(), py::arg("flags") = 0, py::arg("prefer_huge") = false,
             "flags: further ones for mmap(2), from the module mmap. prefer_huge: huge pages where there are some, "
             "else ordinary ones.");

    py::class_<pool_memory, memory_allocator, std::shared_ptr<pool_memory>>(
        m, "MemoryPool", "Memory that is used again and again. Any number of threads and streams may share one.")
        .def(py::init([](std::size_t lower, std::size_t upper, std::size_t max_free, std::size_t initial,
                         const allocator_handle &base)
                      { return make_pool(consistent(lower, upper, max_free, initial, 0, base), base, nullptr); }),
             py::arg("lower"), py::arg("upper"), py::arg("max_free"), py::arg("initial"),
             py::arg("allocator") = allocator_handle(),
             "Heaps of lower to upper bytes get a buffer of upper bytes from the pool; others are for the allocator "
             "(MemoryAllocator by default). initial: buffers that are made at once. max_free: how many unused ones are "
             "kept.")
        .def(py::init(
                 [](const std::shared_ptr<thread_pool> &threads, std::size_t lower, std::size_t upper,
                    std::size_t max_free, std::size_t initial, std::size_t low_water, const allocator_handle &base)
                 { return make_pool(consistent(lower, upper, max_free, initial, low_water, base), base, threads); }),
             py::arg("thread_pool").none(false), py::arg("lower"), py::arg("upper"), py::arg("max_free"),
             py::arg("initial"), py::arg("low_water"), py::arg("allocator") = allocator_handle(),
             "The same; when fewer than low_water buffers are left, a thread of the pool makes new ones, until there "
             "are initial.")
        .def_property(
            "warn_on_empty", [](const pool_memory &self) { return self.pool->pool().warns_on_empty(); },
            [](pool_memory &self, bool on) { self.pool->pool().warn_on_empty(on); },
            "Whether a warning is logged when a buffer has to be made because none is left; True by default.");
}

} // namespace heapwire::python
