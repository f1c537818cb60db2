# SPDX-License-Identifier: BSD-3-Clause
"""The Python half of the log bridge: records of the core become records of :mod:`logging`."""

import atexit
import logging

_logger = logging.getLogger("heapwire")


def _make(level, room, file, line, text, created, thread, thread_name, truncated):
    text = text.decode("utf-8", "backslashreplace")
    if truncated:
        text += "..."
    record = _logger.makeRecord(_logger.name, level, file, line, "%s", (text,), None, room, {"room": room})
    # The record tells of the event, not of its delivery.
    was = record.created
    record.created = created
    record.msecs = created % 1 * 1000
    record.relativeCreated += (created - was) * 1000
    record.thread = thread
    record.threadName = thread_name.decode("utf-8", "backslashreplace")
    return record


def deliver(records, dropped, seconds):
    """Hand over records; answer the level that the logger has now. Called by the log thread only."""
    for fields in records:
        try:
            if _logger.isEnabledFor(fields[0]):
                _logger.handle(_make(*fields))
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
