# SPDX-License-Identifier: BSD-3-Clause
"""The last line of ./run test: how many test cases passed, failed and were skipped, over all stages.

usage: tally.py FOLDER FAILED_STAGE...
FOLDER holds STAGE.junit.xml and STAGE.json (one object a line) of Meson, and STAGE.junit.xml of pytest. A stage that
failed without a failed case (it did not build, a program crashed) counts as one failure.
"""
import json
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

GOOD = {"OK", "SKIP", "EXPECTEDFAIL"}


def count(folder: Path, stage: str) -> tuple[int, int, int]:
    """Cases of one stage: passed, failed, skipped."""
    passed = failed = skipped = 0
    path = folder / f"{stage}.junit.xml"
    cases = xml.parse(path).getroot().iter("testcase") if path.exists() else []
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    log = folder / f"{stage}.json"
    lines = log.read_text().splitlines() if log.exists() else []
    bad = sum(json.loads(line)["result"] not in GOOD for line in lines if line.strip())
    return passed, max(failed, bad), skipped


def main(folder: Path, failed_stages: set[str]) -> None:
    stages = {path.name.split(".")[0] for path in folder.glob("*.junit.xml")} | failed_stages
    total = [0, 0, 0]
    for stage in sorted(stages):
        passed, failed, skipped = count(folder, stage)
        if stage in failed_stages:
            failed = max(failed, 1)
        total = [a + b for a, b in zip(total, (passed, failed, skipped))]
    print("{} passed, {} failed, {} skipped".format(*total))


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
