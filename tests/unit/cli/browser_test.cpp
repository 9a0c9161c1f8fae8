#include "cli/browser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/clock.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::cli {
namespace {

using ::testing::HasSubstr;

/// With a PATH of its own, put back at the end.
class BrowserTest : public test::IoFixture {
protected:
    BrowserTest() { ::setenv("PATH", folder.path().c_str(), 1); }
    ~BrowserTest() override { ::setenv("PATH", path.c_str(), 1); }

    /// As the desktop has it, but all it does is to write down what it is asked for.
    void install_xdg_open() {
        const auto program = folder.path() / "xdg-open";
        std::ofstream(program) << "#!/bin/sh\necho \"$1 on $DISPLAY\" >" << opened.string() << ".new\n/bin/mv "
                               << opened.string() << ".new " << opened.string() << "\n";
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    }
    [[nodiscard]] std::string what_was_opened() {
        for (int tries = 0; tries < 500 && !std::filesystem::exists(opened); ++tries)
            run(system_clock().sleep(Milliseconds(10)));
        std::ifstream stream(opened);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    const std::string path = std::getenv("PATH");
    test::TemporaryFolder folder;
    const std::filesystem::path opened = folder.path() / "opened";
};

TEST_F(BrowserTest, IsToldTheAddressOnTheReadersDesktop) {
    install_xdg_open();
    ::setenv("DISPLAY", ":7", 1);
    const auto told = run(open_in_browser("http://127.0.0.1:5000/?a=$(touch x)&b='c'"));
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(what_was_opened(), "http://127.0.0.1:5000/?a=$(touch x)&b='c' on :7\n");
}

TEST_F(BrowserTest, WithoutOneTheReaderIsToldTheAddress) {
    const auto told = run(open_in_browser("http://127.0.0.1:5000/"));
    ASSERT_TRUE(told.has_error());
    EXPECT_THAT(told.error().message, HasSubstr("xdg-open is not in PATH"));
    EXPECT_THAT(told.error().message, HasSubstr("open http://127.0.0.1:5000/ yourself"));
}

}  // namespace
}  // namespace emeth::cli
