#include "node/core/config.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "chain/amount.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "node/core/wallet_use.hpp"
#include "support/temporary_folder.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::test {
namespace {

using testing::HasSubstr;

EnvConfig settings(std::string_view text) {
    return EnvConfig::parse(text, "master.env").value();
}

std::string error_of(std::string_view text) {
    const auto config = node::read_config(settings(text));
    return config.has_error() ? config.error().message : "no error";
}

TEST(NodeConfig, DefaultsAreThePublishedOnes) {
    const auto config = node::read_config(EnvConfig{}).value();
    EXPECT_EQ(config.core.hex(), "0xf55e6fb0948b37a197da974e0a84727022f2d048");
    EXPECT_EQ(config.token.hex(), "0x6652521583190e398c6e59a7ea41b60e74814b3b");
    EXPECT_EQ(config.endpoint.url.origin(), "https://testnet.alt.ai:443");
    EXPECT_EQ(config.chain_id, 60'001U);
    EXPECT_EQ(config.selection.min_fee, chain::parse_coins("10").value());
    EXPECT_EQ(config.selection.max_fee, chain::parse_coins("30").value());
    EXPECT_EQ(config.selection.rules.epochs_min, 2U);
    EXPECT_EQ(config.selection.deadline_margin_s, 3'600);
    EXPECT_TRUE(config.worker_whitelist.empty()) << "those that the master starts itself";
    EXPECT_EQ(config.jsonrpc_whitelist, std::vector<std::string>{"127.0.0.1"});
}

TEST(NodeConfig, DoubtsAnAmountOfEmtWhereWeiAreMeant) {
    EXPECT_TRUE(node::doubts(node::read_config(EnvConfig{}).value()).empty());
    EXPECT_TRUE(node::doubts(node::read_config(settings("min_fee=0\n")).value()).empty());
    const auto doubts = node::doubts(node::read_config(settings("min_fee=10\nmax_fee=30\n")).value());
    ASSERT_EQ(doubts.size(), 2U);
    EXPECT_EQ(doubts[0], "min_fee=10 is 10 wei of EMT, almost nothing; for 10 EMT write 10000000000000000000");
}

TEST(NodeConfig, AHighestFeeThatWasMeantInEmtIsNamedWhereItIsBelowTheLowest) {
    EXPECT_EQ(
        error_of("max_fee=30\n"),
        "default: min_fee is '10000000000000000000'; expected no more than max_fee, which is 30; max_fee=30 is 30 "
        "wei of EMT, almost nothing; for 30 EMT write 30000000000000000000");
}

TEST(NodeConfig, TheAllowanceIsExactOrAStandingCap) {
    EXPECT_EQ(node::read_config(EnvConfig{}).value().selection.allowance_cap, std::nullopt);
    EXPECT_EQ(node::read_config(settings("allowance=exact\n")).value().selection.allowance_cap, std::nullopt);
    const auto capped = node::read_config(settings("allowance=300000000000000000000\n")).value();
    EXPECT_EQ(capped.selection.allowance_cap, chain::parse_coins("300").value());
    EXPECT_TRUE(node::doubts(capped).empty());
    for (const std::string wrong : {"0", "all", "-1", "12.5", "0x10", "Exact"})
        EXPECT_EQ(error_of("allowance=" + wrong + "\n"),
                  "master.env:1: allowance is '" + wrong + "'; expected exact, or a whole number of wei above 0");
    EXPECT_EQ(node::doubts(node::read_config(settings("allowance=300\n")).value()).at(0),
              "allowance=300 is 300 wei of EMT, almost nothing; for 300 EMT write 300000000000000000000");
}

TEST(NodeConfig, TheEndpointMayWantToKnowWhoAsks) {
    const auto config = node::read_config(settings("endpoint=https://Aladdin:open%20sesame@host\n")).value();
    EXPECT_EQ(config.endpoint.url.text(), "https://host:443/");
    EXPECT_EQ(config.endpoint.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_TRUE(node::doubts(config).empty());

    const TemporaryFolder folder;
    const auto file = folder.path() / "auth";
    std::ofstream(file) << "bearer sesame\n";
    const std::string line = "endpoint_auth_file=" + file.string() + "\n";
    EXPECT_THAT(error_of(line), HasSubstr("can be read by others; run: chmod 600 " + file.string()));
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    EXPECT_EQ(node::read_config(settings(line)).value().endpoint.authorization, "Bearer sesame");
    EXPECT_THAT(error_of("endpoint=https://a:b@host\n" + line), HasSubstr("keep one of them"));
    const auto plain = node::read_config(settings("endpoint=http://10.0.0.5:1\n" + line)).value();
    EXPECT_THAT(node::doubts(plain).at(0), HasSubstr("http://10.0.0.5:1 is sent the endpoint's password or token"));
    EXPECT_TRUE(node::doubts(node::read_config(settings("endpoint=http://127.0.0.1:1\n" + line)).value()).empty());
}

/// An operator's slip must not put a secret into a log.
TEST(NodeConfig, SecretsInTheWrongPlaceAreNotRepeated) {
    const std::string key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
    for (const auto& declared : node::node_settings()) {
        if (declared.key == "privateKey") continue;
        for (const std::string& secret :
             {key, "https://alice:" + key + "@host:x/", std::string("https://alice:sesame@host:x/")}) {
            const EnvConfig config = settings(declared.key + "=" + secret + "\n");
            const auto read = node::read_config(config);
            const auto wallet = node::read_private_key(config);
            const std::string said =
                (read.has_error() ? read.error().message : "") + (wallet.has_error() ? wallet.error().message : "");
            EXPECT_EQ(said.find("sesame"), std::string::npos) << declared.key << ": " << said;
            EXPECT_EQ(said.find(key.substr(10, 20)), std::string::npos) << declared.key << ": " << said;
        }
    }
    EXPECT_EQ(error_of("endpoint_auth_file=basic alice:sesame\n"),
              "master.env:1: endpoint_auth_file: expected the path of a file that holds the credentials");
    EXPECT_EQ(error_of("endpoint_auth_file=alice:sesame\n"),
              "master.env:1: endpoint_auth_file: there is no file of this name: No such file or directory");
    EXPECT_EQ(error_of("endpoint=https://alice:1234?sesame@host\n").find("sesame"), std::string::npos);
    EXPECT_EQ(error_of("emethContractAddress=" + key + "\n"),
              "master.env:1: emethContractAddress is '0x(64 digits, not shown)'; expected an address of 0x and 40 hex "
              "digits");
}

TEST(ForeignTransactions, AreThoseThatTheFolderHasNotSigned) {
    const Address wallet = Address::parse("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf").value();
    EXPECT_FALSE(node::foreign_transactions(wallet, 0, std::nullopt));
    EXPECT_FALSE(node::foreign_transactions(wallet, 5, 4));
    EXPECT_FALSE(node::foreign_transactions(wallet, 3, 4)) << "some of ours are not mined yet";
    EXPECT_THAT(node::foreign_transactions(wallet, 5, std::nullopt).value(), HasSubstr("(nonces 0 to 4)"));
    EXPECT_THAT(node::foreign_transactions(wallet, 7, 4).value(),
                HasSubstr("wallet 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf has sent transactions that this data "
                          "folder knows nothing of (nonces 5 to 6)"));
}

TEST(NodeConfig, TheCeilingOfTheGasPriceIsTheSenders) {
    EXPECT_EQ(node::read_config(EnvConfig{}).value().gas_price_max_gwei, chain::SenderOptions{}.gas_price_max_gwei);
}

TEST(NodeConfig, TheMastersUrlAndItsPort) {
    EXPECT_EQ(node::read_config(EnvConfig{}).value().worker_port, 5'000);
    EXPECT_EQ(node::read_config(settings("my_url=http://10.0.0.5:6001\n")).value().worker_port, 6'001);
    EXPECT_EQ(node::read_config(settings("my_url=http://10.0.0.5:6001\nworker_port=0\n")).value().worker_port, 0);
    EXPECT_EQ(error_of("worker_port=65536\n"),
              "master.env:1: worker_port is '65536'; expected a whole number from 0 to 65535");
}

std::string admin_of(const std::string& text) {
    const auto listener = node::admin_listener(node::read_config(settings(text)).value());
    return listener ? listener->host + " " + std::to_string(listener->port) : "the workers' port";
}

TEST(NodeConfig, AdministrationLeavesAPortThatOthersReach) {
    EXPECT_EQ(admin_of(""), "the workers' port");
    EXPECT_EQ(admin_of("my_url=http://localhost:6001\nlisten_host=localhost\n"), "the workers' port");
    EXPECT_EQ(admin_of("listen_host=0.0.0.0\n"), "127.0.0.1 5001");
    EXPECT_EQ(admin_of("listen_host=::\nworker_port=0\n"), "127.0.0.1 0");
    EXPECT_EQ(admin_of("my_url=https://master.example.org\nworker_port=7000\n"), "127.0.0.1 7001");
    EXPECT_EQ(admin_of("admin_listen=127.0.0.1:9000\n"), "127.0.0.1 9000");
    EXPECT_EQ(admin_of("listen_host=0.0.0.0\nadmin_listen=[fd00::2]:9000\n"), "fd00::2 9000");
}

TEST(NodeConfig, WhatIsNoAddressAndPortIsRefused) {
    for (const char* wrong : {"9000", ":9000", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:1x", "127.0.0.1"})
        EXPECT_THAT(error_of("admin_listen=" + std::string(wrong) + "\n"),
                    HasSubstr("an IP address and a port, like 127.0.0.1:5001"));
}

TEST(NodeConfig, CooperationIsAChoiceOfTwo) {
    EXPECT_FALSE(node::read_config(EnvConfig{}).value().selection.cooperative);
    EXPECT_FALSE(node::read_config(settings("cooperative=1v1\n")).value().selection.cooperative);
    EXPECT_TRUE(node::read_config(settings("cooperative=nvm\n")).value().selection.cooperative);
    EXPECT_EQ(error_of("cooperative=many\n"),
              "master.env:1: cooperative is 'many'; expected 1v1 (each JOB by one worker) or nvm (idle workers help "
              "with JOBs)");
}

TEST(NodeConfig, ReadsWhichJobsAreWanted) {
    const node::SelectionPolicy policy =
        node::read_config(settings("priority=expected_value, deadline\nlanguages=ja\nmodels=nano,gpt2\n"
                                   "dataset_bytes_min=10000\nhours=22-2\nemt_per_kwh=0.25\nwatts=350\n"
                                   "requesters_preferred=0x2222222222222222222222222222222222222222\n"))
            .value()
            .selection;
    ASSERT_EQ(policy.priority.size(), 2U);
    EXPECT_EQ(policy.priority[0].name, "expected_value");
    EXPECT_EQ(policy.priority[1].name, "deadline");
    EXPECT_EQ(policy.languages, std::set<std::string>{"ja"});
    EXPECT_EQ(policy.models, (std::set<std::string>{"gpt2", "nano"}));
    EXPECT_EQ(policy.dataset_bytes_min, 10'000U);
    EXPECT_EQ(policy.hours.count(), 4U);
    EXPECT_EQ(policy.watts, 350U);
    EXPECT_EQ(policy.emt_per_kwh, chain::parse_coins("0.25").value());
    ASSERT_EQ(policy.requesters_preferred.size(), 1U);
    EXPECT_EQ(node::read_config(settings("")).value().selection.priority.size(), 1U);
}

TEST(NodeConfig, ErrorsNamePlaceKeyAndValue) {
    EXPECT_EQ(error_of("# comment\nn_epoch=two\n"),
              "master.env:2: n_epoch is 'two'; expected a whole number from 2 to 100");
    EXPECT_EQ(error_of("emethContractAddress=0x12\n"),
              "master.env:1: emethContractAddress is '0x12'; expected an address of 0x and 40 hex digits");
    EXPECT_EQ(error_of("gas_price_max_gwei=0\n"),
              "master.env:1: gas_price_max_gwei is '0'; expected a whole number from 1 to 1000000000");
    EXPECT_EQ(error_of("min_fee=1.5\n"), "master.env:1: min_fee is '1.5'; expected a whole number of wei");
    EXPECT_EQ(error_of("min_fee=5000000000\nmax_fee=4000000000\n"),
              "master.env:1: min_fee is '5000000000'; expected no more than max_fee, which is 4000000000; "
              "max_fee=4000000000 is 4000000000 wei of EMT, almost nothing; for 1 EMT write 1000000000000000000");
    for (const char* none : {"none", "fee,none", ","})
        EXPECT_EQ(error_of(fmt::format("priority={}\n", none)),
                  fmt::format("master.env:1: priority is '{}'; expected expected_value, fee, fee_per_hour, deadline or "
                              "smallest, or several, comma-separated",
                              none));
    EXPECT_EQ(error_of("languages=en,fr\n"),
              "master.env:1: languages is 'en,fr'; expected en, ja or both, comma-separated");
    EXPECT_EQ(error_of("models=nano,gpt9\n"), "master.env:1: models is 'nano,gpt9'; expected " +
                                                  trainer_protocol::preset_choice() + ", or several, comma-separated");
    EXPECT_EQ(
        error_of("requesters_avoided=0x12\n"),
        "master.env:1: requesters_avoided is '0x12'; expected addresses of 0x and 40 hex digits, comma-separated");
    EXPECT_EQ(
        error_of("hours=8-25\n"),
        "master.env:1: hours is '8-25'; expected hours of the day or spans of them, comma-separated, like 22-6,12");
    EXPECT_EQ(error_of("dataset_bytes_min=5000\ndataset_bytes_max=4999\n"),
              "master.env:1: dataset_bytes_min is '5000'; expected no more than dataset_bytes_max, which is 4999");
    EXPECT_EQ(error_of("default_model=gpt9\n"),
              "master.env:1: default_model is 'gpt9'; expected " + trainer_protocol::preset_choice());
    EXPECT_EQ(error_of("program_ids=0,x\n"),
              "master.env:1: program_ids is '0,x'; expected whole numbers, comma-separated");
    EXPECT_NE(error_of("endpoint=ftp//x\n").find("master.env:1: endpoint"), std::string::npos);
}

TEST(NodeConfig, NeedsExactlyOneWallet) {
    const std::string key(64, '4');
    EXPECT_NE(node::read_private_key(settings("")).error().message.find("no wallet"), std::string::npos);
    EXPECT_TRUE(node::read_private_key(settings("privateKey=" + key)).has_value());
    const auto both = node::read_private_key(settings("privateKey=" + key + "\nprivateKey_file=/x\n"));
    ASSERT_TRUE(both.has_error());
    EXPECT_NE(both.error().message.find("keep one of them"), std::string::npos);
    const auto wrong = node::read_private_key(settings("privateKey=12345678zz"));
    ASSERT_TRUE(wrong.has_error());
    EXPECT_EQ(wrong.error().message.find("12345678zz"), std::string::npos) << "an error never repeats a key";
}

TEST(NodeConfig, ReadsTheWalletFromAFileThatIsPrivate) {
    TemporaryFolder folder;
    write_text(folder / "node.key", std::string(64, '4').append("\n"));
    ::chmod((folder / "node.key").c_str(), 0600);
    EXPECT_TRUE(node::read_private_key(settings("privateKey_file=" + (folder / "node.key").string())).has_value());
    ::chmod((folder / "node.key").c_str(), 0644);
    EXPECT_TRUE(node::read_private_key(settings("privateKey_file=" + (folder / "node.key").string())).has_error());
}

TEST(NodeConfig, RefusesAWalletInSettingsThatOthersCanRead) {
    TemporaryFolder folder;
    const auto file = folder / "master.env";
    write_text(file, "privateKey=" + std::string(64, '4').append("\n"));
    ::chmod(file.c_str(), 0640);
    const auto refused = node::read_private_key(EnvConfig::load(file).value());
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().message,
              file.string() + " holds privateKey and can be read by others; run: chmod 600 " + file.string());
    ::chmod(file.c_str(), 0600);
    EXPECT_TRUE(node::read_private_key(EnvConfig::load(file).value()).has_value());
}

}  // namespace
}  // namespace emeth::test
