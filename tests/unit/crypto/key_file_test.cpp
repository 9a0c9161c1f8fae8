#include "crypto/key_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace emeth::crypto {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct KeyFile : testing::Test {
    test::TemporaryFolder folder;
    fs::path file = folder.path() / "key";

    void write(std::string_view text, fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) const {
        std::ofstream(file) << text;
        fs::permissions(file, mode);
    }
    [[nodiscard]] std::string error() const { return load_key_file(file).error().message; }
};

const std::string key_one = std::string(63, '0') + "1";

TEST_F(KeyFile, LoadsOneLineOfHex) {
    for (const std::string& text : {key_one, "0x" + key_one + "\n", " " + key_one + " \r\n"}) {
        write(text);
        EXPECT_EQ(checksum_address(load_key_file(file).value().address()),
                  "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    }
}

TEST_F(KeyFile, RefusesOneThatOthersCanRead) {
    for (const fs::perms mode : {fs::perms(0640), fs::perms(0604), fs::perms(0660)}) {
        write(key_one, mode);
        EXPECT_THAT(error(), HasSubstr("can be read by others; run: chmod 600 " + file.string()));
    }
}

TEST_F(KeyFile, RefusesWhatIsNoKeyWithoutRepeatingIt) {
    for (const std::string& text :
         {std::string(), std::string("abcdef"), std::string(10'000, '1'), "0x" + key_one + "\n" + key_one}) {
        write(text);
        const std::string name = "key file " + file.string();
        EXPECT_THAT(error(),
                    AnyOf(HasSubstr(name + ": the private key has"), HasSubstr(name + " has more than 128 bytes")));
        EXPECT_TRUE(text.empty() || error().find(text) == std::string::npos);
    }
}

/// Secrets that are mounted into a container are links to files of a folder that is exchanged as a whole.
TEST_F(KeyFile, FollowsALinkToAPrivateFile) {
    write(key_one);
    const fs::path link = folder.path() / "link";
    fs::create_symlink(file, link);
    EXPECT_EQ(load_key_file(link).value().address(), load_key_file(file).value().address());
    fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
    EXPECT_THAT(load_key_file(link).error().message, HasSubstr("can be read by others"));
}

TEST_F(KeyFile, RefusesTheFileOfAnotherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    write(key_one);
    ASSERT_EQ(::chown(file.c_str(), 12'345, 0), 0);
    EXPECT_THAT(error(), HasSubstr("belongs to user 12345"));
}

TEST_F(KeyFile, RefusesFoldersPipesAndNothing) {
    EXPECT_THAT(error(), HasSubstr("No such file"));
    EXPECT_THAT(load_key_file(folder.path()).error().message, HasSubstr("no regular file"));
    const fs::path pipe = folder.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_THAT(load_key_file(pipe).error().message, HasSubstr("no regular file"));
}

TEST_F(KeyFile, IsGeneratedOnceWithAPrivateMode) {
    const PrivateKey generated = load_or_generate_key_file(file, system_random()).value();
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(load_or_generate_key_file(file, system_random()).value().address(), generated.address());
    EXPECT_EQ(load_key_file(file).value().address(), generated.address());
}

TEST_F(KeyFile, ABrokenOneIsNeverReplaced) {
    write("broken");
    EXPECT_TRUE(load_or_generate_key_file(file, system_random()).has_error());
    fs::remove(file);
    fs::create_symlink(folder.path() / "absent", file);
    EXPECT_TRUE(load_or_generate_key_file(file, system_random()).has_error());
    EXPECT_TRUE(fs::is_symlink(file));
}

}  // namespace
}  // namespace emeth::crypto
