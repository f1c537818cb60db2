/* SPDX-License-Identifier: BSD-3-Clause */
/* E6: a program that starts and ends the interpreter many times: CYCLES, then a script of Python. */
#include <Python.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    for (struct dirent *one; (one = readdir(tasks)) != NULL;)
        n += one->d_name[0] != '.';
    closedir(tasks);
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const int cycles = atoi(argv[1]);
    for (int i = 0; i <= cycles; ++i)
    {
        Py_InitializeEx(0);
        if (PyRun_SimpleString(argv[2]) != 0)
            return 1;
        if (i == cycles)
            break; /* and not finalized: as programs do that call exit() */
        if (Py_FinalizeEx() != 0)
            return 3;
        if (count_threads() != 1)
        {
            fprintf(stderr, "%d threads after cycle %d\n", count_threads(), i);
            return 4;
        }
    }
    puts("done");
    return 0;
}
