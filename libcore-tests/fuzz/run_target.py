# SPDX-License-Identifier: BSD-3-Clause
"""Runs one libFuzzer target for a while, starting from the committed corpus, which stays as it is.

Usage: run_target.py program corpus_directory [libFuzzer option...]
"""
import os
import subprocess
import sys
import tempfile


def main(program, corpus, *options):
    # libFuzzer writes what it finds to the first directory and only reads the others; crashes go to the working one.
    with tempfile.TemporaryDirectory() as scratch:
        command = [program, "-max_total_time=8", "-seed=1", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
                   *options, scratch]
        if os.path.isdir(corpus):
            command.append(corpus)
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
