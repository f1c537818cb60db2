// SPDX-License-Identifier: BSD-3-Clause
// An interpreter older than 3.14 that finalizes ends the other threads when they next want the GIL, by pthread_exit():
// glibc unwinds their stack. C++ does not survive that. A noexcept function, and so each destructor, on the way calls
// std::terminate(); and the destructors that do run let go of Python objects without the GIL, beside the thread that
// finalizes. From 3.14 on such threads rest until the process ends. Here they do so with every Python: before it
// touches one of this module's frames, the unwinder asks the personality routine, which the linker (--wrap) leads to
// this one.
#include <unistd.h>
#include <unwind.h>

#include "bridge/runtime.h"

extern "C"
{
    // Weak: a linker that does not wrap has none, and then nobody calls ours.
    [[gnu::weak]] _Unwind_Reason_Code __real___gxx_personality_v0(int version, _Unwind_Action actions,
                                                                  _Unwind_Exception_Class exception_class,
                                                                  _Unwind_Exception *exception,
                                                                  _Unwind_Context *context);
    _Unwind_Reason_Code __wrap___gxx_personality_v0(int version, _Unwind_Action actions,
                                                    _Unwind_Exception_Class exception_class,
                                                    _Unwind_Exception *exception, _Unwind_Context *context);
}

_Unwind_Reason_Code __wrap___gxx_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class exception_class, _Unwind_Exception *exception,
                                                _Unwind_Context *context)
{
    // A C++ exception is never forced. (Whether Python finalizes, older versions tell by a private function only.)
    if ((actions & _UA_FORCE_UNWIND) && heapwire::python::the_runtime().calls.closed())
        for (;;)
            ::pause();
    return __real___gxx_personality_v0(version, actions, exception_class, exception, context);
}
