# SPDX-License-Identifier: BSD-3-Clause
import pytest

import heapwire
from heapwire import recv


def test_defaults():
    config = recv.StreamConfig()
    assert config.max_heaps == recv.StreamConfig.DEFAULT_MAX_HEAPS == 4
    assert (config.substreams, config.bug_compat, config.memcpy, config.stream_id) == (1, 0, heapwire.MEMCPY_STD, 0)
    assert config.stop_on_stop_item and config.allow_unsized_heaps
    assert not config.allow_out_of_order and not config.explicit_start
    assert isinstance(config.memory_allocator, heapwire.MemoryAllocator)
    ring = recv.RingStreamConfig()
    assert ring.heaps == recv.RingStreamConfig.DEFAULT_HEAPS == 4
    assert ring.contiguous_only and not ring.incomplete_keep_payload_ranges


def test_keywords_are_assignments():
    memory = heapwire.MmapAllocator()
    config = recv.StreamConfig(max_heaps=7, allow_out_of_order=True, memory_allocator=memory, stream_id=1 << 63)
    assert config.max_heaps == 7 and config.allow_out_of_order and config.stream_id == 1 << 63
    assert config.memory_allocator is memory


@pytest.mark.parametrize(
    "settings", [{"max_heaps": 0}, {"substreams": 0}, {"bug_compat": 8}, {"memcpy": 2}], ids=lambda s: next(iter(s))
)
def test_bad_values_are_refused(settings):
    with pytest.raises(ValueError):
        recv.StreamConfig(**settings)


def test_bad_keywords_are_refused():
    with pytest.raises(TypeError):
        recv.StreamConfig(foo=1)
    with pytest.raises(TypeError):
        recv.StreamConfig(4)
    with pytest.raises(AttributeError):
        recv.StreamConfig(stats=[])
    with pytest.raises(AttributeError):
        recv.StreamConfig(add_stat=1)
    with pytest.raises(TypeError):
        recv.StreamConfig(stream_id=-1)
    with pytest.raises(TypeError):
        recv.StreamConfig(memory_allocator=None)
    with pytest.raises(ValueError):
        recv.RingStreamConfig(heaps=0)
    with pytest.raises(AttributeError):
        recv.StreamConfig().unknown = 1


def test_custom_statistics_follow_the_public_ones():
    config = recv.StreamConfig()
    assert [s.name for s in config.stats][:3] == ["heaps", "incomplete_heaps_evicted", "incomplete_heaps_flushed"]
    assert config.next_stat_index() == len(config.stats) == 9
    assert config.add_stat("mine") == 9
    assert config.add_stat("largest", recv.StreamStatConfig.Mode.MAXIMUM) == 10
    assert config.get_stat_index("largest") == 10
    assert config.stats[10] == recv.StreamStatConfig("largest", recv.StreamStatConfig.Mode.MAXIMUM)
    with pytest.raises(ValueError):
        config.add_stat("heaps")
    with pytest.raises(IndexError):
        config.get_stat_index("nobody")


def test_stat_config_combines():
    mode = recv.StreamStatConfig.Mode
    assert recv.StreamStatConfig("a").combine(3, 4) == 7
    assert recv.StreamStatConfig("a", mode.MAXIMUM).combine(3, 4) == 4
    assert [m.name for m in mode] == ["COUNTER", "MAXIMUM"]
    with pytest.raises(TypeError):
        hash(recv.StreamStatConfig("a"))


def test_indices_are_constants():
    assert recv.stream_stat_indices.HEAPS == 0
    assert recv.stream_stat_indices.WORKER_BLOCKED == 8
