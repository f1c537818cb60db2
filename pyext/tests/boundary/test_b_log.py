# SPDX-License-Identifier: BSD-3-Clause
"""B: from the core's log to logging."""

from boundary.children import FULL, run, run_many, times

SETUP = """
import logging, threading, time
records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record)
log = logging.getLogger("heapwire")
log.addHandler(Keep())
log.propagate = False
log.setLevel(logging.INFO)
core = heapwire._core
def eventually(what):
    end = time.monotonic() + 50
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)
def log_until_seen():
    while not records:
        core.log_info("probe")
        time.sleep(0.01)
    core.log_info("the last probe")
    eventually(lambda: records[-1].args == ("the last probe",))
    records.clear()
def quiet():
    produced, delivered, dropped = core._log_counts()
    return produced == delivered + dropped
log_until_seen()  # the change of level is followed within a second
"""


def test_b1_produced_is_delivered_and_dropped_and_drops_are_told():
    run(
        SETUP
        + f"""
class Slow(logging.Handler):
    def emit(self, record):
        time.sleep(0.001)
log.addHandler(Slow())
count = {times(250000)}
before = core._log_counts()[0]
def storm():  # and threads of Python, which log attached
    for i in range(count // 10):
        core.log_info("x")
threads = [threading.Thread(target=storm) for _ in range(2)]
pools = [heapwire.ThreadPool() for _ in range(4)]
storms = [core._testing.log_from_worker(pool, count) for pool in pools]
for t in threads: t.start()
for t in threads: t.join()
eventually(lambda: all(s.done for s in storms))
eventually(quiet)
assert core._log_counts()[0] - before >= 4 * count + 2 * (count // 10)
dropped = core._log_counts()[2]
assert dropped > 0
def told():
    return sum(int(r.args[0].split()[0].replace(",", "")) for r in list(records) if "messages were dropped" in r.args[0])
eventually(lambda: told() == dropped)
"""
    )


def test_b1_a_record_counts_as_delivered_when_its_handlers_get_it():
    run(  # and not when many are taken at once: the end of the program sees by this whether a slow handler works
        SETUP
        + """
began, go_on = threading.Event(), threading.Event()
found = []
class Looks(logging.Handler):
    def emit(self, record):
        began.set()
        go_on.wait()
        found.append(core._log_counts()[1])
log.addHandler(Looks())
before = core._log_counts()[1]
core.log_info("x")
began.wait()
for i in range(20):
    core.log_info("x")
go_on.set()
eventually(lambda: len(found) == 21)
assert found == list(range(before + 1, before + 22)), found
"""
    )


def test_b2_handlers_that_raise_or_call_back():
    run(
        SETUP
        + """
pool = heapwire.ThreadPool()
class Wild(logging.Handler):
    def emit(self, record):
        core.log_info("from the handler") if "again" in record.args[0] else None
        heapwire.recv.Stream(pool).stop()
        raise SystemError("a handler's mistake")
log.addHandler(Wild())
before = heapwire._logging.failures
for i in range(20):
    core.log_info("again")
eventually(lambda: len(records) >= 40)
eventually(lambda: heapwire._logging.failures - before >= 40)
"""
    )


def test_b3_what_is_logged_just_before_the_end_appears():
    outputs = run_many(
        times(1000) if FULL else 30,
        """
import logging
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
heapwire._core._set_log_receiver(heapwire._logging.deliver, logging.INFO)
for i in range(100):
    heapwire._core.log_info(f"message {i}")
""",
    )
    for out in outputs:
        assert out.split("\n")[:100] == [f"message {i}" for i in range(100)]


def test_b5_the_records_time_and_thread_are_the_events():
    run(
        SETUP
        + """
import ctypes
before = time.time()
core.log_info("now")
after = time.time()
ctypes.PyDLL(None).usleep(300_000)  # keeps the GIL: nothing can be delivered meanwhile
eventually(lambda: records)
(record,) = records
assert before - 0.001 <= record.created <= after + 0.001
assert record.thread == threading.get_native_id()
assert record.threadName == open("/proc/self/comm").read().strip()
assert record.msg == "%s" and record.args == ("now",) and record.name == "heapwire"

records.clear()
pool = heapwire.ThreadPool()
before = time.time()
storm = core._testing.log_from_worker(pool, 1)
while not storm.done:
    ctypes.PyDLL(None).usleep(1000)
after = time.time()
eventually(lambda: records)
(record,) = records
assert before - 0.001 <= record.created <= after + 0.001
assert record.thread != threading.get_native_id()
assert record.threadName == "heapwire-io"
assert record.filename == "test_hooks.cpp" and record.lineno > 1
"""
    )


def test_b6_odd_bytes_and_levels():
    run(
        SETUP
        + """
core.log_info("100%s")
eventually(lambda: records)
assert records[0].getMessage() == "100%s"
level = heapwire._logging.deliver([(20, b"r".decode(), "f", 1, b"\\xff\\xfe", 0.0, 1, b"t", True)], 0, 0.0)
assert level == logging.INFO
assert records[-1].getMessage() == "\\\\xff\\\\xfe..."
records.clear()
two = [(20, "r", "f", 1, text, created, 7, b"t", False) for text, created in ((b"a", 1.25), (b"b", 2.5))]
heapwire._logging.deliver(two, 0, 0.0)  # of one place: what they share is made once
assert [(r.getMessage(), r.created, r.msecs, r.room) for r in records] == [("a", 1.25, 250, "r"), ("b", 2.5, 500, "r")]
assert all(vars(r).keys() == vars(log.makeRecord("", 20, "", 0, "", (), None, extra={"room": ""})).keys() for r in records)
class Own(logging.LogRecord):
    pass
logging.setLogRecordFactory(Own)  # but with a factory of the program's each by it
heapwire._logging.deliver(two, 0, 0.0)
assert [type(r) for r in records] == [logging.LogRecord] * 2 + [Own] * 2 and records[2] is not records[3]
log.setLevel(logging.WARNING)
def refused():
    count = core._log_counts()[0]
    core.log_info("not wanted")
    return core._log_counts()[0] == count
eventually(refused)
"""
    )
