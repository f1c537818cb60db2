// SPDX-License-Identifier: BSD-3-Clause
/// What belongs to which side of a fork. Only the forking thread lives on in the child: an object whose workers stayed
/// behind is an orphan there. It must raise, and must neither join, nor stop, nor close what the parent still uses.
#pragma once

#include "heapwire/base/birth.h"

namespace heapwire::host
{

using heapwire::birth;
using heapwire::process_generation;

/// To be called in the child, by the only thread there is, before anything else of this library (a runtime's
/// after-fork hook does that). Everything born before it is orphaned from then on.
void after_fork_in_child() noexcept;

/// True if this process came out of a fork that after_fork_in_child() was not told of (a C library called fork()).
/// Costs a system call: for slow paths. The first answer of `true` also starts a new generation.
bool noticed_unannounced_fork() noexcept;

} // namespace heapwire::host
