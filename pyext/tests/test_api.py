# SPDX-License-Identifier: BSD-3-Clause
"""The interface by name: every public name that spead2 4.5 has outside ibverbs, and what its functions take.

The table stands for itself; where the incumbent's wheel is installed it is asked too, as a black box.
"""

import enum
import importlib
import inspect
import re

import pytest

MODULES = ("", "recv", "send", "recv.asyncio", "send.asyncio", "recv.stream_stat_indices")
READERS = (
    "DEFAULT_TCP_BUFFER_SIZE DEFAULT_TCP_MAX_SIZE DEFAULT_UDP_BUFFER_SIZE DEFAULT_UDP_MAX_SIZE add_buffer_reader "
    "add_inproc_reader add_tcp_reader add_udp_pcap_file_reader add_udp_reader config start stats stop "
)
STREAM = READERS + "Ringbuffer fd get get_nowait ring_config ringbuffer __iter__ __next__ "
SENDING = "num_substreams set_cnt_sequence send_heap send_heaps "
RING = "add_producer data_fd empty full get get_nowait maxsize put put_nowait qsize remove_producer space_fd stop __iter__ __next__ "
PAIR = "add_free_chunk data_ringbuffer free_ringbuffer "
ASYNC = "num_substreams set_cnt_sequence async_flush async_send_heap async_send_heaps fd flush process_callbacks "
DESCRIPTOR = (
    "allow_immediate compatible_shape dynamic_shape from_raw is_variable_size itemsize_bits to_raw _parse_format "
)
GROUP = "add_item ids items keys update values __len__ __getitem__ __contains__ "
GENERATOR = "add_to_heap get_end get_heap get_start "
CLASSES = {
    "Descriptor": DESCRIPTOR,
    "Flavour": "bug_compat heap_address_bits item_pointer_bits version __eq__ __ne__",
    "InprocQueue": "add_packet stop",
    "Item": DESCRIPTOR + "set_from_raw to_buffer value _read_bits _write_bits",
    "ItemGroup": GROUP,
    "MemoryAllocator": "",
    "MemoryPool": "warn_on_empty",
    "MmapAllocator": "",
    "ThreadPool": "set_affinity stop",
    "recv.Chunk": "chunk_id data extra present stream_id",
    "recv.ChunkRingPair": PAIR,
    "recv.ChunkRingStream": READERS + PAIR,
    "recv.ChunkRingbuffer": RING,
    "recv.ChunkStreamConfig": "DEFAULT_MAX_CHUNKS disable_packet_presence enable_packet_presence items max_chunks "
    "max_heap_extra packet_presence_payload_size place",
    "recv.ChunkStreamGroupConfig": "DEFAULT_MAX_CHUNKS EvictionMode eviction_mode max_chunks",
    "recv.ChunkStreamGroupMember": READERS,
    "recv.ChunkStreamRingGroup": PAIR + "config count emplace_back index stop __iter__ __len__ __getitem__ __contains__ "
    "__reversed__",
    "recv.Heap": "cnt flavour get_descriptors get_items is_end_of_stream is_start_of_stream",
    "recv.IncompleteHeap": "cnt flavour get_items heap_length is_end_of_stream is_start_of_stream payload_ranges "
    "received_length",
    "recv.RingStreamConfig": "DEFAULT_HEAPS contiguous_only heaps incomplete_keep_payload_ranges",
    "recv.Stream": STREAM,
    "recv.StreamConfig": "DEFAULT_MAX_HEAPS add_stat allow_out_of_order allow_unsized_heaps bug_compat explicit_start "
    "get_stat_index max_heaps memcpy memory_allocator next_stat_index stats stop_on_stop_item stream_id substreams",
    "recv.StreamStatConfig": "Mode combine mode name __eq__ __ne__",
    "recv.StreamStats": "batches config get heaps incomplete_heaps_evicted incomplete_heaps_flushed items keys "
    "max_batch packets search_dist single_packet_heaps values worker_blocked __add__ __iadd__ __iter__ __len__ __getitem__ "
    "__setitem__ __contains__",
    "recv.asyncio.ChunkRingbuffer": RING + "__aiter__ __anext__",
    "recv.asyncio.Stream": STREAM + "__aiter__ __anext__",
    "send.BytesStream": SENDING + "getvalue",
    "send.GroupMode": "ROUND_ROBIN SERIAL",
    "send.Heap": "add_descriptor add_end add_item add_start flavour repeat_pointers",
    "send.HeapGenerator": GENERATOR,
    "send.HeapReference": "cnt heap rate substream_index",
    "send.HeapReferenceList": "__len__ __getitem__",
    "send.InprocStream": SENDING + "queues",
    "send.ItemGroup": GROUP + GENERATOR,
    "send.PacketGenerator": "__iter__ __next__",
    "send.RateMethod": "SW HW AUTO",
    "send.Stream": "num_substreams set_cnt_sequence",
    "send.StreamConfig": "DEFAULT_BURST_RATE_RATIO DEFAULT_BURST_SIZE DEFAULT_MAX_HEAPS DEFAULT_MAX_PACKET_SIZE "
    "DEFAULT_RATE_METHOD burst_rate burst_rate_ratio burst_size max_heaps max_packet_size rate rate_method",
    "send.TcpStream": SENDING + "DEFAULT_BUFFER_SIZE",
    "send.UdpStream": SENDING + "DEFAULT_BUFFER_SIZE",
    "send.asyncio.InprocStream": ASYNC + "queues",
    "send.asyncio.TcpStream": ASYNC + "DEFAULT_BUFFER_SIZE connect",
    "send.asyncio.UdpStream": ASYNC + "DEFAULT_BUFFER_SIZE",
}
# Of the extension module, which is called otherwise: what programs that look behind the package use.
BEHIND = {
    "RawDescriptor": "description format id name numpy_header shape",
    "log_info": "",
    "recv.HeapBase": "cnt flavour get_items is_end_of_stream is_start_of_stream",
    "recv.Heap": CLASSES["recv.Heap"],
    "recv.IncompleteHeap": CLASSES["recv.IncompleteHeap"],
    "recv.RawItem": "id immediate_value is_immediate",
    "recv._Stream": READERS,
    "recv.Stream": STREAM,
    "send.UdpStreamAsyncio": ASYNC.replace("async_flush ", "") + "DEFAULT_BUFFER_SIZE",
    "send.TcpStreamAsyncio": ASYNC.replace("async_flush ", "") + "DEFAULT_BUFFER_SIZE",
    "send.InprocStreamAsyncio": ASYNC.replace("async_flush ", "") + "queues",
}
CONSTANTS = {
    "": "BUG_COMPAT_DESCRIPTOR_WIDTHS=1 BUG_COMPAT_SHAPE_BIT_1=2 BUG_COMPAT_SWAP_ENDIAN=4 BUG_COMPAT_PYSPEAD_0_5_2=7 "
    "NULL_ID=0 HEAP_CNT_ID=1 HEAP_LENGTH_ID=2 PAYLOAD_OFFSET_ID=3 PAYLOAD_LENGTH_ID=4 DESCRIPTOR_ID=5 "
    "STREAM_CTRL_ID=6 DESCRIPTOR_NAME_ID=16 DESCRIPTOR_DESCRIPTION_ID=17 DESCRIPTOR_SHAPE_ID=18 "
    "DESCRIPTOR_FORMAT_ID=19 DESCRIPTOR_ID_ID=20 DESCRIPTOR_DTYPE_ID=21 CTRL_STREAM_START=0 "
    "CTRL_DESCRIPTOR_REISSUE=1 CTRL_STREAM_STOP=2 CTRL_DESCRIPTOR_UPDATE=3 MEMCPY_STD=0 MEMCPY_NONTEMPORAL=1 "
    "_UNRESERVED_ID=4096",
    "recv.stream_stat_indices": "HEAPS=0 INCOMPLETE_HEAPS_EVICTED=1 INCOMPLETE_HEAPS_FLUSHED=2 PACKETS=3 BATCHES=4 "
    "MAX_BATCH=5 SINGLE_PACKET_HEAPS=6 SEARCH_DIST=7 WORKER_BLOCKED=8",
    "recv.Stream": "DEFAULT_TCP_BUFFER_SIZE=212992 DEFAULT_TCP_MAX_SIZE=65536 DEFAULT_UDP_BUFFER_SIZE=8388608 "
    "DEFAULT_UDP_MAX_SIZE=9200",
    "send.UdpStream": "DEFAULT_BUFFER_SIZE=524288",
    "send.asyncio.TcpStream": "DEFAULT_BUFFER_SIZE=212992",
    "send.StreamConfig": "DEFAULT_BURST_SIZE=65536 DEFAULT_MAX_HEAPS=4 DEFAULT_MAX_PACKET_SIZE=1472",
}
# Ours take names where theirs are positional only, or tell what theirs hides behind *args, or can do more.
MORE_IS_FINE = {
    "InprocQueue.__init__",
    "InprocQueue.add_packet",
    *(f"recv.{kind}.add_udp_pcap_file_reader" for kind in ("Stream", "asyncio.Stream", "ChunkRingStream", "ChunkStreamGroupMember")),
    "Item.__init__",
    "ItemGroup.add_item",
    "send.HeapGenerator.get_heap",
    "send.HeapReferenceList.__getitem__",
    "send.ItemGroup.get_heap",
    "ThreadPool.set_affinity",
}
PACKAGES = ("heapwire", "spead2")


def load(package):
    """Import all of it, or skip."""
    pytest.importorskip(package)
    for part in MODULES:
        importlib.import_module(f"{package}.{part}" if part else package)
    return package


def find(package, path):
    """The object at a dotted path."""
    found = importlib.import_module(package)
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    return found


def behind(package):
    return "heapwire._core" if package == "heapwire" else "spead2._spead2"


def cut(text):
    """The parts between commas that are in no bracket."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{<") - (c in ")]}>")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def parameters(function):
    """What the overloads take: the names, with a question mark where there is a default. None if nobody says."""
    lines = re.findall(r"^(?:\d+\. )?\w+\((.*)\) -> ", function.__doc__ or "", re.M)
    if not lines:
        try:
            signature = inspect.signature(function)
        except ValueError:
            return None
        names = [p.name + "?" * (p.default is not p.empty) for p in signature.parameters.values()]
        return {tuple(name for name in names if name != "self")}
    overloads = set()
    for line in lines:
        names = [re.sub(r"(:.*?)?( = .*)?$", lambda m: "?" * bool(m[2]), part, flags=re.S) for part in cut(line)]
        overloads.add(tuple(name for name in names if name not in ("self", "*", "/")))
    return overloads


def unnamed(overloads, like):
    """Without the names that `like` does not tell."""
    if not any(name.startswith("arg") for names in like for name in names):
        return overloads
    return {tuple(f"arg{i}" + "?" * name.endswith("?") for i, name in enumerate(names)) for names in overloads}


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", CLASSES)
def test_class_has(package, name):
    kind = find(load(package), name)
    assert inspect.isclass(kind)
    assert [member for member in CLASSES[name].split() if not hasattr(kind, member)] == []


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", BEHIND)
def test_extension_has(package, name):
    thing = find(behind(load(package)), name)
    assert [member for member in BEHIND[name].split() if not hasattr(thing, member)] == []


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("where", CONSTANTS)
def test_constants(package, where):
    owner = find(load(package), where)
    for pair in CONSTANTS[where].split():
        name, value = pair.split("=")
        assert getattr(owner, name) == int(value), name


@pytest.mark.parametrize("package", PACKAGES)
def test_families(package):
    load(package)
    inside = behind(package)
    for name in ("recv.Heap", "recv.IncompleteHeap"):
        assert issubclass(find(package, name), find(inside, "recv.HeapBase"))
    for name in ("recv.Stream", "recv.asyncio.Stream"):
        assert issubclass(find(package, name), find(inside, "recv._Stream"))
    assert issubclass(find(package, "recv.asyncio.Stream"), find(package, "recv.Stream"))
    for name in ("UdpStream", "TcpStream", "InprocStream", "BytesStream"):
        assert issubclass(find(package, f"send.{name}"), find(package, "send.Stream"))
    for name in ("UdpStream", "TcpStream", "InprocStream"):
        assert issubclass(find(package, f"send.asyncio.{name}"), find(package, "send.Stream"))
        assert not hasattr(find(package, f"send.asyncio.{name}"), "send_heap")
    for name in ("MemoryPool", "MmapAllocator"):
        assert issubclass(find(package, name), find(package, "MemoryAllocator"))
    assert issubclass(find(package, "Item"), find(package, "Descriptor"))
    assert find(package, "send.ItemGroup").__bases__ == (find(package, "ItemGroup"), find(package, "send.HeapGenerator"))
    for name in ("send.GroupMode", "send.RateMethod", "recv.StreamStatConfig.Mode"):
        assert issubclass(find(package, name), enum.Enum)
    for name in ("Stopped", "Empty", "Full"):
        assert find(package, name).__bases__ == (Exception,)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", ["recv.Heap", "recv.IncompleteHeap", "recv.StreamStats", "send.Stream"])
def test_no_constructor(package, name):
    with pytest.raises(TypeError):
        find(load(package), name)()


def test_the_incumbent_has_no_other_names():
    """The table is complete: it names all that is public there, outside ibverbs."""
    load("spead2")
    for part in MODULES[:-1]:
        module = find("spead2", part)
        for name, thing in vars(module).items():
            path = f"{part}.{name}".lstrip(".")
            if not inspect.isclass(thing) or name.startswith("_") or "Ibv" in name:
                continue
            if not issubclass(thing, Exception):
                assert path in CLASSES
                public = {m for m in dir(thing) if not m.startswith("_") and "ibv" not in m}
                if not issubclass(thing, enum.Enum):
                    assert public <= set(CLASSES[path].split()), path


@pytest.mark.parametrize("name", CLASSES)
def test_functions_take_the_same(name):
    load("heapwire"), load("spead2")
    ours, theirs = find("heapwire", name), find("spead2", name)
    if issubclass(ours, enum.Enum):
        return
    for member in (*CLASSES[name].split(), "__init__"):
        path = f"{name}.{member}"
        if (member.startswith("_") and member != "__init__") or path in MORE_IS_FINE:
            continue
        known = parameters(getattr(theirs, member)) if callable(getattr(theirs, member)) else None
        mine = parameters(getattr(ours, member)) if known is not None else None
        if known and mine and known != {("args", "kwargs")}:
            assert unnamed(mine, known) == known, path
