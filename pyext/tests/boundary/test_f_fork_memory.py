# SPDX-License-Identifier: BSD-3-Clause
"""F4 of memory: what a parent's pool gave out, and the pool itself, in a forked child."""

from boundary.children import run, times


def test_f4_a_pool_of_memory_keeps_nothing_in_the_child():
    run(
        f"""
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
pool = heapwire.ThreadPool()
memory = heapwire.MemoryPool(pool, 1, 4096, 8, 4, 2)
config = heapwire.recv.StreamConfig(memory_allocator=memory)
queue = heapwire.InprocQueue()
memory.warn_on_empty = False
stream = heapwire.recv.Stream(pool, config)
stream.add_inproc_reader(queue)
kept = []
def receive():
    for h in stream:  # the pool's lock is taken again and again
        kept[:] = [h]
reader = threading.Thread(target=receive)
reader.start()
over = False
def feed():
    cnt = 0
    while not over:
        queue.add_packet(heap(cnt))
        cnt += 1
feeder = threading.Thread(target=feed)
feeder.start()
while not kept:
    pass
for i in range({times(200)}):
    pid = os.fork()
    if pid == 0:
        kept.clear()  # a heap of the parent's
        own = heapwire.recv.Stream(heapwire.ThreadPool(), config)
        own.add_buffer_reader(heap(1) + heap(2))
        heaps = list(own)
        assert [h.cnt for h in heaps] == [1, 2]
        assert bytes(heaps[0].get_items()[0]) == b"abcdefgh"
        del own, heaps, memory, config
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
over = True
feeder.join()
queue.stop()
reader.join()
"""
    )


def test_a_pool_that_may_keep_nothing_serves_all_the_same():
    run(
        """
import logging
logging.basicConfig(stream=sys.stdout, format="%(message)s")
for memory in (heapwire.MemoryPool(1, 4096, 0, 0), heapwire.MemoryPool(heapwire.ThreadPool(), 1, 4096, 0, 0, 0)):
    stream = heapwire.recv.Stream(heapwire.ThreadPool(), heapwire.recv.StreamConfig(memory_allocator=memory))
    stream.add_buffer_reader(b"".join(map(heap, range(10))))
    assert [h.cnt for h in stream] == list(range(10))
"""
    )
