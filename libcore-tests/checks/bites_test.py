# SPDX-License-Identifier: BSD-3-Clause
"""The checks bite: each fault, planted in a small tree, is found; the tree without faults passes."""
import tempfile
import unittest
from pathlib import Path

import layers
import readme
import sizes
import tally
import words

SPDX = "// SPDX-License-Identifier: BSD-3-Clause\n"


class Bites(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.plant("libcore/include/heapwire/base/bytes.h", "#pragma once\n")
        self.plant("libcore/include/heapwire/send/sender.h", '#include "heapwire/base/bytes.h"\n')

    def plant(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SPDX + text)

    def expect(self, check, *parts: str) -> None:
        found = check.faults(self.root)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_sound_tree_passes(self):
        for check in (layers, sizes, words):
            self.assertEqual(check.faults(self.root), [])

    def test_finds_recv_that_uses_send(self):
        self.plant("libcore/src/recv/a.cpp", '#include "heapwire/send/sender.h"\n')
        self.expect(layers, "recv may not use send", "a.cpp:2")

    def test_finds_asio_outside_transport(self):
        self.plant("libcore/src/queue/a.cpp", "#include <boost/asio/io_context.hpp>\n")
        self.expect(layers, "only transport uses Asio")

    def test_finds_python_in_the_core(self):
        self.plant("libcore/src/host/a.cpp", "#include <Python.h>\n")
        self.expect(layers, "the core does not know Python")

    def test_finds_a_python_name_in_the_core(self):
        self.plant("libcore/src/host/a.cpp", "void f() { Py_BEGIN_ALLOW_THREADS }\n")
        self.expect(layers, "the core does not know Python")

    def test_finds_an_extension_that_reaches_into_the_core(self):
        self.plant("pyext/src/a.cpp", '#include "../../libcore/src/recv/heap_window.h"\n')
        self.expect(layers, "reaches into another house")

    def test_finds_a_private_header_taken_for_public(self):
        self.plant("pyext/src/a.cpp", '#include "heapwire/recv/heap_window.h"\n')
        self.expect(layers, "is not a public header")

    def test_finds_a_feature_chosen_by_an_if(self):
        self.plant("libcore/src/transport/a.cpp", "#ifdef __linux__\n#endif\n")
        self.expect(layers, "#ifdef __linux__")

    def test_accepts_a_constant_that_is_supplied(self):
        self.plant("libcore/src/transport/a.cpp", "#ifndef UDP_GRO\n#define UDP_GRO 104\n#endif\n")
        self.assertEqual(layers.faults(self.root), [])

    def test_finds_a_long_file(self):
        self.plant("bench/a.cpp", "\n" * 400)
        self.expect(sizes, "401 lines")

    def test_finds_a_long_function(self):
        self.plant("tools/a.cpp", "int f(int a) noexcept\n{\n" + "    a++;\n" * 61 + "}\n")
        self.expect(sizes, "a function of 61 lines")

    def test_finds_a_file_without_licence(self):
        (self.root / "tools").mkdir()
        (self.root / "tools" / "a.h").write_text("int a;\n")
        self.expect(sizes, "licence")

    def test_finds_what_was_put_off(self):
        self.plant("tools/a.h", "// TO" "DO: later\n")
        self.expect(sizes, "TO" "DO")

    def test_finds_a_path_of_one_machine(self):
        self.plant("docs/a.md", "see /wo" "rk/main/a\n")
        self.expect(words, "/wo" "rk/")

    def test_finds_a_readme_that_drifted(self):
        self.plant("examples/readme.cpp", "    // [readme]\n    int a;\n    // [/readme]\n")
        (self.root / "README.md").write_text("```cpp\nint a;\n```\n")
        self.assertEqual(readme.faults(self.root), [])
        (self.root / "README.md").write_text("```cpp\nint b;\n```\n")
        self.expect(readme, "README.md")

    def test_finds_a_tutorial_that_drifted(self):
        self.plant("examples/readme.cpp", "// [readme]\nint a;\n// [/readme]\n")
        (self.root / "README.md").write_text("```cpp\nint a;\n```\n")
        self.plant("examples/first_stream.cpp", "// Licence\n/// What it is\nint main()\n{\n    int a;\n}\n")
        self.plant("docs/tutorial/first-stream.md", "```cpp\nint main()\n{\n```\ntext\n```cpp\nint a;\n}\n```\n")
        self.assertEqual(readme.faults(self.root), [])
        self.plant("docs/tutorial/first-stream.md", "```cpp\nint main()\n{\n```\ntext\n```cpp\nint b;\n}\n```\n")
        self.expect(readme, "first-stream.md: its program differs")

    def test_finds_a_link_that_leads_nowhere(self):
        self.plant("examples/readme.cpp", "// [readme]\nint a;\n// [/readme]\n")
        (self.root / "README.md").write_text("```cpp\nint a;\n```\n[x](gone.md) [y](https://example.org/gone.md)\n")
        self.expect(readme, "gone.md is not there")


class Tally(unittest.TestCase):
    """The last line of ./run test must not flatter."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, stage: str, cases: str, *results: str) -> None:
        (self.folder / f"{stage}.junit.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
        (self.folder / f"{stage}.json").write_text("".join('{"result": "%s"}\n' % r for r in results))

    def test_counts_cases(self):
        self.write("a", '<testcase/><testcase><failure/></testcase><testcase><skipped/></testcase>', "FAIL")
        self.assertEqual(tally.count(self.folder, "a"), (1, 1, 1))

    def test_counts_a_program_that_died_without_a_report(self):
        self.write("a", "<testcase/>", "OK", "TIMEOUT", "FAIL")
        self.assertEqual(tally.count(self.folder, "a"), (1, 2, 0))

    def test_a_stage_without_any_log_has_no_cases(self):
        self.assertEqual(tally.count(self.folder, "nothing"), (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
