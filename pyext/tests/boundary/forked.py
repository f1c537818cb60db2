# SPDX-License-Identifier: BSD-3-Clause
"""What the children of test_f_fork.py do; multiprocessing has to find it by name."""

import heapwire
import heapwire.recv
from heapwire import send
from packets import heap


def receive_something():
    own = heapwire.recv.Stream(heapwire.ThreadPool())
    own.add_buffer_reader(heap(1) + heap(2))
    assert [h.cnt for h in own] == [1, 2]


def send_something():
    queue = heapwire.InprocQueue()
    pool = heapwire.ThreadPool()
    own = heapwire.recv.Stream(pool)
    own.add_inproc_reader(queue)
    stream = send.InprocStream(pool, [queue])
    assert stream.send_heap(send.Heap()) > 0
    own.get()


def both():
    receive_something()
    send_something()
