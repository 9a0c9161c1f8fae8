// Settings read again: what changed, what takes effect, and that no secret is shown.
#include "node/core/reload.hpp"

#include <gmock/gmock.h>

#include "chain/amount.hpp"

namespace emeth::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

EnvConfig settings(const std::string& text) {
    return EnvConfig::parse(text, "master.env").value();
}

std::vector<node::SettingsChange> changes(const std::string& before, const std::string& after) {
    return node::changes(node::setting_texts(settings(before)), node::setting_texts(settings(after)));
}

TEST(Reload, FindsWhatChangedAlsoAgainstADefault) {
    using node::SettingsChange;
    EXPECT_THAT(changes("priority=fee\nmax_fee=9\n", "priority=fee\nmax_fee=9\n"), IsEmpty());
    EXPECT_THAT(changes("max_fee=9\n", "max_fee=8\npoll_interval_ms=100\n"),
                ElementsAre(Field(&SettingsChange::key, "max_fee"), Field(&SettingsChange::key, "poll_interval_ms")));
    EXPECT_THAT(changes("log_level=info\n", ""), IsEmpty()) << "it was the default";
}

TEST(Reload, SaysWhatWaitsForTheNextStart) {
    EXPECT_THAT(node::change_sentence({"max_fee", "9", "8"}), HasSubstr("max_fee is now '8' (was '9')"));
    EXPECT_THAT(node::change_sentence({"worker_port", "5000", "5001"}), HasSubstr("next start"));
}

TEST(Reload, OnlyWhatMayChangeWhileItRunsIsTaken) {
    node::NodeConfig running, read;
    running.selection.disk_bytes_per_dataset_byte = 4;  // by the master itself
    read.selection.max_fee = chain::parse_coins("7").value();
    read.selection.deadline_margin_s = 1;
    read.worker_port = 1;
    read.log_level = "debug";
    read.worker_whitelist = {"10.0.0.0/8"};
    const node::NodeConfig now = reloaded(running, read);
    EXPECT_EQ(now.selection.max_fee, read.selection.max_fee);
    EXPECT_EQ(now.log_level, "debug");
    EXPECT_EQ(now.worker_whitelist, read.worker_whitelist);
    EXPECT_EQ(now.worker_port, running.worker_port);
    EXPECT_EQ(now.selection.deadline_margin_s, running.selection.deadline_margin_s);
    EXPECT_EQ(now.selection.disk_bytes_per_dataset_byte, 4U);
}

TEST(Reload, AKeyIsNeverShown) {
    const std::string key(64, '7');
    for (const auto& [name, text] : node::setting_texts(settings("privateKey=0x" + key + "\n")))
        EXPECT_THAT(text, Not(HasSubstr(key))) << name;
    EXPECT_THAT(changes("privateKey=0x" + key + "\n", ""), IsEmpty());
}

}  // namespace
}  // namespace emeth::test
