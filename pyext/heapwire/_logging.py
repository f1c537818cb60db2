# SPDX-License-Identifier: BSD-3-Clause
"""The Python half of the log bridge: records of the core become records of :mod:`logging`."""

import atexit
import logging

_logger = logging.getLogger("heapwire")


def _makes_plain_records():
    return logging.getLogRecordFactory() is logging.LogRecord and type(_logger) is logging.Logger


def _first_of(level, room, file, line):
    """A record as the logger makes it: all of this place and process, nothing yet of an event."""
    return _logger.makeRecord(_logger.name, level, file, line, "%s", (), None, room, {"room": room})


def _another(record):
    # Making it anew takes several looks into sys.modules. CPython 3.13 without a GIL locks that twice over for each, if
    # hashes are unlucky, and yields the processor forty times before it sees that it waits for itself.
    other = object.__new__(type(record))
    other.__dict__.update(record.__dict__)
    return other


def _tell(record, text, created, thread, thread_name, truncated):
    """The record tells of the event, not of its delivery."""
    text = text.decode("utf-8", "backslashreplace")
    if truncated:
        text += "..."
    record.args = (text,)
    record.relativeCreated += (created - record.created) * 1000
    record.created = created
    record.msecs = created % 1 * 1000
    record.thread = thread
    record.threadName = thread_name.decode("utf-8", "backslashreplace")
    return record


def deliver(records, dropped, seconds):
    """Hand over records; answer the level that the logger has now. Called by the log thread only."""
    firsts = {}  # by place
    for level, room, file, line, *event in records:
        try:
            if _logger.isEnabledFor(level):
                place = level, room, file, line
                first = firsts.get(place)
                if first is None:
                    first = _first_of(*place)
                    if _makes_plain_records():
                        firsts[place] = first
                _logger.handle(_tell(_another(first) if place in firsts else first, *event))
        except BaseException:  # noqa: B036 - a handler's mistake must not silence the log
            _count_failure()
    if dropped:
        try:
            _logger.warning("%s", f"{dropped:,} messages were dropped within {seconds:.1f} s")
        except BaseException:  # noqa: B036
            _count_failure()
    return _logger.getEffectiveLevel()


def abandon():
    """End logging although a handler blocks: the others are closed, that one is left alone."""
    atexit.unregister(logging.shutdown)
    for reference in reversed(logging._handlerList[:]):
        handler = reference()
        if handler is None or handler.lock is None or not handler.lock.acquire(blocking=False):
            continue
        try:
            handler.flush()
            handler.close()
        except (OSError, ValueError):  # closed already, as in logging.shutdown
            pass
        finally:
            handler.lock.release()


failures = 0  # records whose handler raised


def _count_failure():
    global failures
    failures += 1


def connect(core):
    """Start the bridge."""
    core._set_log_receiver(deliver, _logger.getEffectiveLevel())
