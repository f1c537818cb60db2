// SPDX-License-Identifier: BSD-3-Clause
#include "json_heap.h"

#include <fstream>
#include <iterator>
#include <openssl/evp.h>

#include "arguments.h"
#include "pattern.h"

namespace tools
{

using namespace heapwire;

namespace
{

constexpr char digits[] = "0123456789abcdef";

std::string to_hex(bytes_view bytes)
{
    std::string text;
    text.reserve(bytes.size() * 2);
    for (std::byte b : bytes)
    {
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::vector<std::byte> from_hex(const std::string &text)
{
    std::vector<std::byte> bytes(text.size() / 2);
    bool good = text.size() % 2 == 0;
    for (std::size_t i = 0; good && i < bytes.size(); i++)
    {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        bytes[i] = static_cast<std::byte>(high << 4 | low);
    }
    if (!good)
        refuse("hex", text.substr(0, 40), "an even number of hexadecimal digits");
    return bytes;
}

std::vector<std::byte> read_file(const std::string &name)
{
    std::ifstream in(name, std::ios::binary);
    if (!in)
        refuse("file", name, "a file that can be read");
    std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::vector<std::byte> result(bytes.size());
    std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
}

json descriptor_to_json(const wire::descriptor &d)
{
    json shape = json::array(), format = json::array();
    for (const auto &length : d.shape)
        shape.push_back(length ? json(*length) : json(nullptr));
    for (const auto &field : d.format)
        format.push_back({std::string(1, field.type), field.bits});
    return {{"id", d.id},     {"name", d.name},   {"description", d.description},
            {"shape", shape}, {"format", format}, {"numpy_header", d.numpy_header}};
}

wire::descriptor descriptor_from_json(const json &from)
{
    wire::descriptor d;
    d.id = from.at("id").get<std::uint64_t>();
    d.name = from.value("name", "");
    d.description = from.value("description", "");
    d.numpy_header = from.value("numpy_header", "");
    for (const json &length : from.value("shape", json::array()))
        d.shape.push_back(length.is_null() ? std::nullopt : std::optional(length.get<std::uint64_t>()));
    for (const json &field : from.value("format", json::array()))
    {
        std::string type = field.at(0).get<std::string>();
        if (type.size() != 1)
            refuse("format", field.dump(), "[\"u\", bits] with one type character");
        d.format.push_back({type[0], field.at(1).get<std::uint64_t>()});
    }
    return d;
}

void add_item(planned_heap &to, const json &from)
{
    auto id = from.at("id").get<std::uint64_t>();
    if (from.contains("value"))
    {
        to.heap.add_immediate(id, from["value"].get<std::uint64_t>());
        return;
    }
    std::vector<std::byte> bytes;
    if (from.contains("hex"))
        bytes = from_hex(from["hex"].get<std::string>());
    else if (from.contains("file"))
        bytes = read_file(from["file"].get<std::string>());
    else if (from.contains("pattern"))
    {
        bytes.resize(from["pattern"].get<std::size_t>());
        fill_pattern(bytes, static_cast<std::uint64_t>(to.reference.cnt), id);
    }
    else
        refuse("item", from.dump().substr(0, 60), "one of value, hex, file and pattern says what is in it");
    to.memory.push_back(std::move(bytes));
    to.heap.add_item(id, bytes_view(to.memory.back()), from.value("allow_immediate", false));
}

} // namespace

json heap_to_json(const heap &h, std::size_t hex_limit)
{
    json items = json::array(), descriptors = json::array();
    for (const item &one : h.items())
    {
        json j = {{"id", one.id}, {"length", one.bytes.size()}};
        if (one.is_immediate)
            j["value"] = one.immediate_value;
        if (one.bytes.size() <= hex_limit)
            j["hex"] = to_hex(one.bytes);
        else
            j["sha256"] = sha256_hex(one.bytes);
        items.push_back(std::move(j));
    }
    for (const auto &d : h.descriptors())
        descriptors.push_back(descriptor_to_json(d));
    json result = {{"cnt", h.cnt()},
                   {"flavour", "64-" + std::to_string(h.flavour().heap_address_bits())},
                   {"complete", h.is_complete()},
                   {"contiguous", h.is_contiguous()},
                   {"heap_length", h.heap_length()},
                   {"received_length", h.received_length()},
                   {"start", h.is_start_of_stream()},
                   {"end", h.is_end_of_stream()},
                   {"items", std::move(items)},
                   {"descriptors", std::move(descriptors)}};
    if (!h.is_contiguous())
        result["ranges"] = h.payload_ranges();
    if (h.first_packet_time() != 0)
        result["times"] = {h.first_packet_time(), h.last_packet_time()};
    if (h.source() != 0)
        result["source"] = h.source();
    return result;
}

std::string to_line(const json &value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

planned_heap heap_from_json(const std::string &line, wire::flavour f, std::uint64_t cnt)
{
    try
    {
        json from = json::parse(line);
        planned_heap result{outgoing_heap(f), {}, {}};
        result.reference.cnt = from.value("cnt", static_cast<std::int64_t>(cnt));
        result.reference.substream = from.value("substream", std::size_t{0});
        result.reference.rate = from.value("rate", -1.0);
        result.heap.repeat_pointers(from.value("repeat_pointers", false));
        if (from.value("start", false))
            result.heap.add_start();
        for (const json &one : from.value("descriptors", json::array()))
            (void)result.heap.add_descriptor(descriptor_from_json(one));
        for (const json &one : from.value("items", json::array()))
            add_item(result, one);
        if (from.value("end", false))
            result.heap.add_end();
        return result;
    }
    catch (const nlohmann::json::exception &error)
    {
        refuse("--from-json", line.substr(0, 60), std::string("a heap as JSON (") + error.what() + ")");
    }
}

std::string sha256_hex(bytes_view bytes)
{
    std::byte digest[32];
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char *>(digest), nullptr, EVP_sha256(),
                   nullptr) != 1)
        throw std::runtime_error("libcrypto has no SHA-256");
    return to_hex(digest);
}

} // namespace tools
