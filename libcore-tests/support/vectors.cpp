// SPDX-License-Identifier: BSD-3-Clause
#include "support/vectors.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace heapwire::test
{

const vector_case &vector_named(std::string_view name)
{
    const auto all = all_vectors();
    const auto found = std::find_if(all.begin(), all.end(), [&](const vector_case &v) { return v.name == name; });
    if (found == all.end())
        throw std::out_of_range("no vector is called " + std::string(name));
    return *found;
}

std::string path_of(const vector_case &which) { return HEAPWIRE_VECTORS "/" + std::string(which.file); }

std::vector<std::byte> load(const vector_case &which)
{
    std::ifstream file(path_of(which), std::ios::binary);
    if (!file)
        throw std::runtime_error("cannot read " + path_of(which));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto *first = reinterpret_cast<const std::byte *>(text.data());
    return {first, first + text.size()};
}

std::vector<std::vector<std::byte>> load_datagrams(const vector_case &which)
{
    const std::vector<std::byte> bytes = load(which);
    std::vector<std::vector<std::byte>> datagrams;
    for (const vector_packet &p : which.packets)
    {
        if (p.offset + p.length > bytes.size())
            throw std::runtime_error(path_of(which) + " is too short");
        const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(p.offset);
        datagrams.emplace_back(first, first + static_cast<std::ptrdiff_t>(p.length));
    }
    return datagrams;
}

std::vector<std::byte> unhex(std::string_view digits)
{
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
    return bytes;
}

} // namespace heapwire::test
