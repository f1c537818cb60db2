// SPDX-License-Identifier: BSD-3-Clause
// Without a GIL pybind11 guards its tables by a PyMutex, and each call of ours takes it. CPython hands such a lock to a
// thread that waited long; if that one may no longer attach because the interpreter finalizes, it rests for ever and
// owns the lock, and the finalizing thread waits for it when it drops the next of our objects. So here nobody waits in
// the lock: who finds it taken (PyMutex_Lock is called only then) leaves Python for a moment, and takes it when he is
// back. The linker (--wrap) leads pybind11 here.
#include <pybind11/pybind11.h>

#ifdef Py_GIL_DISABLED

#include <time.h>

namespace
{

bool take(PyMutex *mutex) noexcept
{
    constexpr std::uint8_t locked = 1; // the other bit: somebody else's threads are parked, whom unlocking wakes
    std::uint8_t bits = __atomic_load_n(&mutex->_bits, __ATOMIC_RELAXED);
    return (bits & locked) == 0 &&
           __atomic_compare_exchange_n(&mutex->_bits, &bits, bits | locked, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

} // namespace

extern "C" void __wrap_PyMutex_Lock(PyMutex *mutex);

void __wrap_PyMutex_Lock(PyMutex *mutex)
{
    constexpr int soon = 100; // the tables are held for less than a microsecond, unless the holder lost its processor
    constexpr timespec moment{0, 20'000};
    for (int i = 0; !take(mutex); ++i)
    {
        if (i < soon)
            continue;
        PyThreadState *const state = PyThreadState_GetUnchecked();
        if (state)
            PyEval_SaveThread();
        (void)::nanosleep(&moment, nullptr);
        if (state)
            PyEval_RestoreThread(state);
    }
}

#endif
