# SPDX-License-Identifier: BSD-3-Clause
"""The completion hubs of event loops: one a loop, shared by all streams that are used from it.

A hub is an attribute of its loop. So hub, futures and loop form a ring that nothing outside holds, and a loop that was
closed with sends in flight is collected with all of it. (A table with weak keys would not do: its values, the hubs,
hold their keys through the futures.) Loops without attributes get a table that is swept.
"""

import asyncio
import threading
import weakref

from heapwire._core.send.asyncio import LoopHub, _set_hub_function

_get_running_loop = asyncio.get_running_loop
_by_id = weakref.WeakValueDictionary()
_tabled = []  # (loop, hub) of loops that refuse attributes
_tabling = threading.Lock()


def hub():
    """Return the hub of the running loop; RuntimeError if there is none."""
    loop = _get_running_loop()
    try:
        return loop._heapwire_hub
    except AttributeError:
        return _tabled_hub(loop) or _make(loop)


_set_hub_function(hub)


def hub_for(stream):
    """Return the hub of the running loop; without one that of the stream's last send, or None if that is gone."""
    try:
        _get_running_loop()
    except RuntimeError:
        return _by_id.get(stream._last_hub)
    return hub()


def _tabled_hub(loop):
    for known, its_hub in _tabled:
        if known is loop:
            return its_hub
    return None


def _make(loop):
    # The reader stays for the life of the loop: adding and removing it costs more than a send. It does not keep the
    # loop running, and the loop forgets it when it closes, before the descriptor goes.
    made = LoopHub(loop)
    _by_id[made.id] = made
    loop.add_reader(made.fd, made.process)
    try:
        loop._heapwire_hub = made
    except AttributeError:
        with _tabling:
            _tabled[:] = [(known, its_hub) for known, its_hub in _tabled if not known.is_closed()] + [(loop, made)]
    return made
