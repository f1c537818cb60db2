# SPDX-License-Identifier: BSD-3-Clause
"""Memory of chunks from any library: buffers and DLPack tensors."""

import array
import mmap

import numpy as np
import pytest

import heapwire
from chunks_support import HEAP_SIZE, PER_CHUNK, heaps, payload, ring_stream
from heapwire import recv


class Tensor:
    """Exports an array by DLPack alone, like a tensor of PyTorch."""

    def __init__(self, of, device=(1, 0), versioned=True):
        self.of, self.device, self.versioned = of, device, versioned

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **how):
        if how and not self.versioned:
            raise TypeError("unexpected keyword argument")
        return self.of.__dlpack__(**how)


MEMORY = {
    "bytearray": bytearray,
    "memoryview": lambda size: memoryview(bytearray(size)),
    "array": lambda size: array.array("B", bytes(size)),
    "mmap": lambda size: mmap.mmap(-1, size),
    "numpy": lambda size: np.zeros(size, np.uint8),
    "numpy of words": lambda size: np.zeros((2, size // 8), np.int32),
    "dlpack": lambda size: Tensor(np.zeros((size // 8, 2), np.float32)),
    "old dlpack": lambda size: Tensor(np.zeros(size, np.uint8), versioned=False),
    "pinned dlpack": lambda size: Tensor(np.zeros(size, np.uint8), device=(3, 0)),
}


@pytest.mark.parametrize("kind", MEMORY)
def test_any_writable_memory_serves(kind):
    stream, data = ring_stream(heapwire, count=1, rings=(recv.ChunkRingbuffer(2), recv.ChunkRingbuffer(2)))
    memory = MEMORY[kind](PER_CHUNK * HEAP_SIZE)
    stream.add_free_chunk(recv.Chunk(data=memory, present=bytearray(PER_CHUNK)))
    stream.add_buffer_reader(heaps(range(4)))
    (got,) = data
    assert got.data is memory
    filled = memory.of if isinstance(memory, Tensor) else memory
    assert bytes(memoryview(filled).cast("B")) == b"".join(map(payload, range(4)))


def read_only():
    frozen = np.zeros(8, np.uint8)
    frozen.flags.writeable = False
    return frozen


REFUSED = {
    "read-only tensor": (lambda: Tensor(read_only()), BufferError),
    "device": (lambda: Tensor(np.zeros(8, np.uint8), device=(2, 0)), BufferError),
    "strided tensor": (lambda: Tensor(np.zeros((4, 4), np.uint8)[:, ::2]), BufferError),
    "transposed tensor": (lambda: Tensor(np.zeros((4, 3), np.uint8).T), BufferError),
    "no memory": (lambda: [1, 2], TypeError),
    "bytes": (lambda: b"12345678", BufferError),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("field", ["data", "present", "extra"])
def test_other_memory_is_refused(what, field):
    make, error = REFUSED[what]
    one = recv.Chunk(data=bytearray(1))
    before = getattr(one, field)
    with pytest.raises(error):
        setattr(one, field, make())
    assert getattr(one, field) is before


def test_a_tensor_is_given_back():
    import gc
    import weakref

    of = np.zeros(8, np.uint8)
    gone = weakref.ref(of)
    one = recv.Chunk(data=Tensor(of))
    del of
    gc.collect()
    assert gone() is not None
    one.data = None
    gc.collect()
    assert gone() is None


def test_torch_tensors_serve():
    torch = pytest.importorskip("torch")
    memory = torch.zeros(PER_CHUNK, HEAP_SIZE, dtype=torch.uint8)
    one = recv.Chunk(data=memory, present=torch.zeros(PER_CHUNK, dtype=torch.bool))
    assert one.data is memory
