// SPDX-License-Identifier: BSD-3-Clause
#include "heapwire/base/error.h"

#include <cerrno>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "heapwire/base/version.h"

namespace heapwire
{
namespace
{

TEST(Error, EveryCodeHasATextOfItsOwn)
{
    std::set<std::string> texts;
    for (int code = 1; code <= static_cast<int>(errc::orphaned); ++code)
        texts.insert(make_error_code(static_cast<errc>(code)).message());
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(errc::orphaned));
    for (const std::string &text : texts)
        EXPECT_EQ(text.find("unknown"), std::string::npos) << text;
}

TEST(Error, ACodeThatDoesNotExistHasATextAllTheSame)
{
    for (const int code : {0, -1, static_cast<int>(errc::orphaned) + 1})
        EXPECT_EQ(std::error_code(code, error_category()).message(), "unknown heapwire error " + std::to_string(code));
}

TEST(Error, CodesConvertToStandardErrorCodes)
{
    const std::error_code code = errc::queue_full;
    EXPECT_EQ(code, errc::queue_full);
    EXPECT_NE(code, errc::stopped);
    EXPECT_STREQ(code.category().name(), "heapwire");
    EXPECT_EQ(make_error_code(errc::timed_out), std::errc::timed_out);
    EXPECT_EQ(make_error_code(errc::stopped), std::errc::operation_canceled);
    EXPECT_NE(make_error_code(errc::queue_full), std::errc::timed_out);
}

TEST(Error, ABadArgumentIsNamedWithItsValueAndWhatIsAllowed)
{
    const auto text_of = [](auto value)
    {
        try
        {
            throw_bad_argument("heaps", value, "at least 1");
        }
        catch (const std::invalid_argument &error)
        {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(text_of(0), "heaps = 0: at least 1");
    EXPECT_EQ(text_of(std::size_t{7}), "heaps = 7: at least 1");
    EXPECT_EQ(text_of(std::string("many")), "heaps = many: at least 1");
}

TEST(Error, ErrnoIsThrownWithItsCodeAndItsSubject)
{
    try
    {
        errno = ENOENT;
        throw_errno("open", "a file");
    }
    catch (const std::system_error &error)
    {
        EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
        EXPECT_EQ(std::string(error.what()).rfind("open: a file", 0), 0u) << error.what();
    }
    errno = EPERM;
    EXPECT_THROW(throw_errno("open"), std::system_error);
}

TEST(Version, IsThatOfTheHeaders)
{
    EXPECT_STREQ(version(), HEAPWIRE_VERSION);
    EXPECT_EQ(std::string(version()), std::to_string(HEAPWIRE_VERSION_MAJOR) + "." +
                                          std::to_string(HEAPWIRE_VERSION_MINOR) + "." +
                                          std::to_string(HEAPWIRE_VERSION_PATCH));
}

} // namespace
} // namespace heapwire
