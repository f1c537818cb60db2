// SPDX-License-Identifier: BSD-3-Clause
// That this program was built is the test: each public header is a translation unit of it, alone. The linker saw that
// none of them defines something twice.
int main() {}
