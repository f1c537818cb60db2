// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/process_seed.h"

#include <chrono>
#include <random>

namespace heapwire
{

namespace
{

std::uint64_t of_the_system()
{
    std::random_device random;
    return (std::uint64_t{random()} << 32) | random();
}

} // namespace

std::uint64_t seed_from(std::uint64_t (*entropy)()) noexcept
{
    try
    {
        return entropy();
    }
    catch (...)
    {
        const auto now = std::chrono::system_clock::now().time_since_epoch().count();
        return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&process_seed)) ^
               static_cast<std::uint64_t>(now) * 0x9e3779b97f4a7c15u;
    }
}

std::uint64_t process_seed() noexcept
{
    static const std::uint64_t seed = seed_from(&of_the_system);
    return seed;
}

} // namespace heapwire
