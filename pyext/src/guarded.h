// SPDX-License-Identifier: BSD-3-Clause
/// Plain values that Python's threads share.
#pragma once

#include <mutex>
#include <utility>

namespace heapwire::python
{

/// A T that Python holds. Without a GIL two threads may be at it at once: who reads or writes one that Python holds
/// holds it too, and runs no Python meanwhile. A copy is taken whole; what was copied belongs to who copied it.
template <typename T>
class guarded : public T
{
public:
    guarded() = default;
    guarded(T from) : T(std::move(from)) {}
    guarded(const guarded &from) : guarded(from, from.hold()) {}
    guarded &operator=(const guarded &) = delete;

    [[nodiscard]] std::unique_lock<std::mutex> hold() const { return std::unique_lock(lock_); }

private:
    guarded(const guarded &from, const std::unique_lock<std::mutex> &) : T(from) {}

    mutable std::mutex lock_;
};

/// For py::class_::def_property: a field that may have any value.
template <auto Field>
struct plain_property;
template <typename T, typename Value, Value T::*Field>
struct plain_property<Field>
{
    using value = Value;
    static Value get(const guarded<T> &self)
    {
        auto hold = self.hold();
        return self.*Field;
    }
    static void set(guarded<T> &self, Value to)
    {
        auto hold = self.hold();
        std::swap(self.*Field, to); // what was there goes after the lock
    }
};

} // namespace heapwire::python
