// SPDX-License-Identifier: BSD-3-Clause
/// The command line of a tool: declared once, parsed by Boost.Program_options, and every value checked here, so that a
/// bad one is refused with the argument's name and what is allowed.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tools
{

/// The user's mistake: the program prints it and ends with 2.
struct usage_error : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

[[noreturn]] void refuse(const std::string &argument, const std::string &value, const std::string &allowed);

class arguments
{
public:
    /// `usage` is printed above the list of options.
    arguments(std::string program, std::string usage);

    void section(const std::string &title);
    void flag(const std::string &name, const std::string &text);
    /// An option with a value; an empty default means: not given.
    void value(const std::string &name, const std::string &hint, const std::string &by_default,
               const std::string &text);

    /// False if --help or --version was printed: end with 0. Throws usage_error.
    [[nodiscard]] bool parse(int argc, char **argv);

    [[nodiscard]] bool has(const std::string &name) const;
    [[nodiscard]] std::string text(const std::string &name) const;
    /// A whole number, decimal or 0x…, from `low` to `high`.
    [[nodiscard]] std::uint64_t number(const std::string &name, std::uint64_t low = 0,
                                       std::uint64_t high = ~std::uint64_t{0}) const;
    /// A number of bytes (or bytes a second): k, M, G are powers of 1000, Ki, Mi, Gi of 1024.
    [[nodiscard]] std::uint64_t size(const std::string &name, std::uint64_t low = 0) const;
    [[nodiscard]] double real(const std::string &name, double low, double high) const;
    [[nodiscard]] bool yes_or_no(const std::string &name) const;
    /// Numbers with commas between them.
    [[nodiscard]] std::vector<int> list(const std::string &name) const;
    template <typename T>
    [[nodiscard]] T choice(const std::string &name, std::initializer_list<std::pair<const char *, T>> allowed) const
    {
        std::string names;
        for (const auto &[word, meaning] : allowed)
        {
            if (text(name) == word)
                return meaning;
            names += names.empty() ? word : std::string(", ") + word;
        }
        refuse("--" + name, text(name), "one of " + names);
    }
    [[nodiscard]] const std::vector<std::string> &places() const noexcept { return places_; }

private:
    std::string program_, usage_;
    std::vector<boost::program_options::options_description> sections_;
    boost::program_options::variables_map values_;
    std::vector<std::string> places_;
};

/// Runs a tool's main function; what it throws becomes a line on standard error and the exit status 2 or 1.
int guarded(const char *program, const std::function<int()> &body) noexcept;

/// What all tools have: --threads and the like.
struct program_config
{
    std::size_t threads = 1;
    std::vector<int> cores;
    bool json = false, quiet = false;
};
void declare_common(arguments &args);
/// Sets the log level, too.
[[nodiscard]] program_config read_common(const arguments &args);

} // namespace tools
