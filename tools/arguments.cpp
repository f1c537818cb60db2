// SPDX-License-Identifier: BSD-3-Clause
#include "arguments.h"

#include <charconv>
#include <cmath>
#include <iostream>
#include <limits>
#include <system_error>

#include "heapwire/base/log.h"
#include "heapwire/base/version.h"

namespace tools
{

namespace po = boost::program_options;

namespace
{

constexpr unsigned screen_width = 110;

/// The whole text as a number, or false.
bool whole(const std::string &text, std::uint64_t &out)
{
    bool hex = text.starts_with("0x") || text.starts_with("0X");
    const char *first = text.data() + (hex ? 2 : 0), *last = text.data() + text.size();
    auto [end, error] = std::from_chars(first, last, out, hex ? 16 : 10);
    return error == std::errc() && end == last && first != last;
}

std::uint64_t multiplier(std::string_view suffix)
{
    static constexpr std::pair<std::string_view, std::uint64_t> table[] = {
        {"", 1},           {"k", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}, {"Ki", 1ULL << 10}, {"Mi", 1ULL << 20},
        {"Gi", 1ULL << 30}};
    for (const auto &[name, factor] : table)
        if (name == suffix)
            return factor;
    return 0;
}

std::string range_text(std::uint64_t low, std::uint64_t high)
{
    std::string text = "a whole number";
    if (high == std::numeric_limits<std::uint64_t>::max())
        return low == 0 ? text : text + ", at least " + std::to_string(low);
    return text + " from " + std::to_string(low) + " to " + std::to_string(high);
}

} // namespace

void refuse(const std::string &argument, const std::string &value, const std::string &allowed)
{
    throw usage_error(argument + " = '" + value + "': " + allowed);
}

arguments::arguments(std::string program, std::string usage) : program_(std::move(program)), usage_(std::move(usage)) {}

void arguments::section(const std::string &title) { sections_.emplace_back(title, screen_width, screen_width / 2); }

void arguments::flag(const std::string &name, const std::string &text)
{
    sections_.back().add_options()(name.c_str(), po::bool_switch(), text.c_str());
}

void arguments::value(const std::string &name, const std::string &hint, const std::string &by_default,
                      const std::string &text)
{
    auto *semantic = po::value<std::string>()->value_name(hint);
    if (!by_default.empty())
        semantic->default_value(by_default);
    sections_.back().add_options()(name.c_str(), semantic, text.c_str());
}

bool arguments::parse(int argc, char **argv)
{
    section("Help");
    sections_.back().add_options()("help,h", "show this")("version", "show the version");
    po::options_description shown("", screen_width), all("", screen_width);
    for (const auto &part : sections_)
        shown.add(part);
    all.add(shown).add_options()("place", po::value<std::vector<std::string>>(&places_));
    po::positional_options_description positions;
    positions.add("place", -1);
    try
    {
        namespace style = po::command_line_style;
        po::store(po::command_line_parser(argc, argv)
                      .options(all)
                      .positional(positions)
                      .style(style::unix_style & ~style::allow_guessing)
                      .run(),
                  values_);
        po::notify(values_);
    }
    catch (const po::error &error)
    {
        throw usage_error(std::string(error.what()) + "; " + program_ + " --help shows what is allowed");
    }
    if (values_.count("help"))
        std::cout << usage_ << '\n' << shown << '\n';
    else if (values_.count("version"))
        std::cout << program_ << ' ' << heapwire::version() << '\n';
    else
        return true;
    return false;
}

bool arguments::has(const std::string &name) const
{
    if (!values_.count(name))
        return false;
    const auto &any = values_[name].value();
    return any.type() != typeid(bool) || boost::any_cast<bool>(any);
}

std::string arguments::text(const std::string &name) const
{
    return values_.count(name) ? values_[name].as<std::string>() : std::string();
}

std::uint64_t arguments::number(const std::string &name, std::uint64_t low, std::uint64_t high) const
{
    std::uint64_t result;
    if (!whole(text(name), result) || result < low || result > high)
        refuse("--" + name, text(name), range_text(low, high));
    return result;
}

std::uint64_t arguments::size(const std::string &name, std::uint64_t low) const
{
    std::string given = text(name);
    auto digits = std::min(given.find_first_not_of("0123456789"), given.size());
    std::uint64_t result, factor = multiplier(std::string_view(given).substr(digits));
    bool good = whole(given.substr(0, digits), result) && factor != 0 &&
                result <= std::numeric_limits<std::uint64_t>::max() / factor && result * factor >= low;
    if (!good)
        refuse("--" + name, given,
               "a number with k, M, G (powers of 1000) or Ki, Mi, Gi (of 1024) behind it, at least " +
                   std::to_string(low));
    return result * factor;
}

double arguments::real(const std::string &name, double low, double high) const
{
    std::string given = text(name);
    double result = 0;
    auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), result);
    if (given.empty() || error != std::errc() || end != given.data() + given.size() ||
        !(result >= low && result <= high))
        refuse("--" + name, given,
               std::isinf(high) ? "a number, at least " + std::to_string(low)
                                : "a number from " + std::to_string(low) + " to " + std::to_string(high));
    return result;
}

bool arguments::yes_or_no(const std::string &name) const { return choice<bool>(name, {{"yes", true}, {"no", false}}); }

std::vector<int> arguments::list(const std::string &name) const
{
    std::vector<int> result;
    std::string given = text(name);
    for (std::size_t at = 0; at < given.size();)
    {
        auto end = std::min(given.find(',', at), given.size());
        std::uint64_t one;
        if (!whole(given.substr(at, end - at), one) || one > 4095)
            refuse("--" + name, given, "core numbers with commas between them, like 2,3");
        result.push_back(static_cast<int>(one));
        at = end + 1;
    }
    return result;
}

int guarded(const char *program, const std::function<int()> &body) noexcept
{
    try
    {
        return body();
    }
    catch (const usage_error &error)
    {
        std::cerr << program << ": " << error.what() << '\n';
    }
    catch (const std::invalid_argument &error) // of the library: also an argument that was given
    {
        std::cerr << program << ": " << error.what() << '\n';
    }
    catch (const std::exception &error)
    {
        std::cerr << program << ": " << error.what() << '\n';
        return 1;
    }
    return 2;
}

void declare_common(arguments &args)
{
    args.section("Program");
    args.value("threads", "N", "1", "threads that do the input and output");
    args.value("cores", "LIST", "", "pin these threads to cores, like 2,3");
    args.value("log-level", "LEVEL", "warning", "off, warning, info or debug");
    args.flag("json", "print the final statistics as one line of JSON on standard output");
    args.flag("quiet", "no progress and no summary");
}

program_config read_common(const arguments &args)
{
    using heapwire::log_level;
    heapwire::set_log_level(args.choice<log_level>("log-level", {{"off", log_level::off},
                                                                 {"warning", log_level::warning},
                                                                 {"info", log_level::info},
                                                                 {"debug", log_level::debug}}));
    return {.threads = args.number("threads", 1, 1024),
            .cores = args.list("cores"),
            .json = args.has("json"),
            .quiet = args.has("quiet")};
}

} // namespace tools
