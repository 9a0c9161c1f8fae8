// Selection: what is chosen, and for every reason to refuse the sentence that is recorded.
#include "node/market/selection.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "api_client/dataset_name.hpp"
#include "chain/amount.hpp"
#include "support/fake_chain.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

using node::Candidate;
using node::Chosen;
using node::NodeView;
using node::Refused;
using node::SelectionPolicy;

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

constexpr std::int64_t now_s = 1'700'000'000;

struct Scene {
    Candidate candidate;
    NodeView view;
    SelectionPolicy policy;
};

node::WorkerInfo worker(std::uint8_t byte) {
    return {repeated<Address>(byte), true, 27'300, std::nullopt, std::nullopt, Milliseconds(0), fit_for_everything()};
}

/// A JOB of 100 MB as published: 582 gas, 20 EMT, due in a day; and a node with one RTX 3080.
Scene good_scene() {
    Scene scene;
    scene.candidate.id = repeated<JobId>(0x11);
    scene.candidate.record = {true,        repeated<Address>(0x22),     now_s + 86'400,
                              coins("20"), chain::JobStatus::requested, now_s - 60};
    scene.candidate.details = {0, R"({"language":"en","epoch":2})", "text", ""};
    scene.candidate.dataset_bytes = 100 << 20;
    scene.candidate.gas = 582;
    scene.view.chain_now_unix_s = now_s;
    scene.view.workers = {worker(0x51)};
    scene.view.workers_free = 1;
    scene.view.emt_free = coins("100");
    scene.view.alt_free = coins("1");
    scene.view.gas_price = wei(1'000'000'000);
    scene.view.disk_free_bytes = std::uint64_t{1} << 40;
    scene.view.constants = FakeChain().network;
    scene.policy.min_fee = coins("10");
    scene.policy.max_fee = coins("30");
    scene.policy.dataset_bytes_max = 10'000'000'000;
    return scene;
}

TEST(Selection, ChoosesAGoodJobWithItsTermsAndSums) {
    const Scene scene = good_scene();
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Chosen>(verdict)) << std::get<Refused>(verdict).reason;
    const auto& chosen = std::get<Chosen>(verdict);
    EXPECT_EQ(chosen.terms.id, scene.candidate.id);
    EXPECT_EQ(chosen.terms.dataset_bytes, scene.candidate.dataset_bytes);
    EXPECT_EQ(chosen.deposit, coins("20"));
    EXPECT_EQ(chosen.spec.epochs, 2U);
    EXPECT_EQ(chosen.finish_estimate_s, 21'319) << "about the published 6 h";
    // 20 - 10 - 1% of 5 - 1% of (5 + 10)
    EXPECT_EQ(node::value_text(chosen.value), "9.8000");
}

/// The market of simulate-policy relies on it: it does not ask again.
TEST(Selection, WhatTakesTooLongStandsWhateverElseGetsBetter) {
    Scene scene = good_scene();
    scene.candidate.record.deadline_unix_s = now_s + 21'319 + 3'600;
    const auto first = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Refused>(first));
    EXPECT_EQ(std::get<Refused>(first).by, node::Ground::deadline);
    EXPECT_TRUE(stands_for_these_workers(std::get<Refused>(first)));
    scene.view.emt_free = scene.view.alt_free = coins("1000000");
    for (; scene.view.chain_now_unix_s < scene.candidate.record.deadline_unix_s; scene.view.chain_now_unix_s += 600)
        EXPECT_TRUE(std::holds_alternative<Refused>(select(scene.candidate, scene.view, scene.policy)));

    scene.view.chain_now_unix_s = now_s;
    scene.view.workers.front().power_capacity = 27'301;
    EXPECT_TRUE(std::holds_alternative<Chosen>(select(scene.candidate, scene.view, scene.policy)))
        << "a faster worker makes it possible";
    scene.view.emt_free = coins("1");
    const auto poor = select(scene.candidate, scene.view, scene.policy);
    EXPECT_EQ(std::get<Refused>(poor).by, node::Ground::deposit);
    EXPECT_FALSE(stands_for_these_workers(std::get<Refused>(poor)));
}

TEST(Selection, ADepositMayUseTheWholeAllowance) {
    Scene scene = good_scene();
    scene.policy.allowance_cap = coins("20");
    EXPECT_TRUE(std::holds_alternative<Chosen>(select(scene.candidate, scene.view, scene.policy)));
}

/// Both deposits would be locked, and one JOB would wait for the other's worker.
TEST(Selection, TheOnlyAbleWorkerIsNotPromisedTwice) {
    Scene scene = good_scene();
    scene.view.workers.push_back(worker(0x52));
    scene.view.workers.front().fitness->tokens_per_s.erase("nano");
    scene.view.workers_free = 2;
    auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Chosen>(verdict));
    node::reserve(scene.view, std::get<Chosen>(verdict));
    verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Refused>(verdict));
    EXPECT_EQ(std::get<Refused>(verdict).reason, "none of the 2 connected workers is free");
}

/// Three workers that reach one another, and 6 h left: one needs 5 h 56 min, and the margin is an hour.
Scene scene_for_a_team() {
    Scene scene = good_scene();
    scene.policy.cooperative = true;
    scene.policy.deadline_margin_s = 3'600;
    scene.candidate.record.deadline_unix_s = now_s + 21'600;
    scene.view.workers = {worker(0x51), worker(0x52), worker(0x53)};
    for (auto& one : scene.view.workers) one.cooperative_host = "10.0.0.7";
    scene.view.workers_free = 3;
    return scene;
}

/// Of 21,319 s all but 208.3 are training, alone for the first 238 and 1.35 times as fast then: 446.3 + 20,872.7 / 1.35
/// = 15,907.6. In the worst case the steps are so short that a team is no faster, and 21,319 s are in time.
TEST(Selection, ATeamTakesAJobThatOneWorkerWouldMiss) {
    Scene scene = scene_for_a_team();
    scene.policy.emt_per_kwh = coins("0.001");
    scene.policy.watts = 100;
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Chosen>(verdict)) << std::get<Refused>(verdict).reason;
    const auto& chosen = std::get<Chosen>(verdict);
    EXPECT_EQ(chosen.terms.team, 2U) << "the smallest";
    EXPECT_EQ(chosen.finish_estimate_s, 15'908);
    const auto basis = node::value_basis_of(scene.candidate, scene.view, scene.policy).value();
    EXPECT_EQ(basis.draw.watts, 200U) << "both of them";
    EXPECT_EQ(basis.trains_s, 15'908U);
    EXPECT_EQ(node::prospect_of(chosen).worker_s, 2 * 15'908) << "that both are busy";
    node::reserve(scene.view, chosen);
    EXPECT_EQ(scene.view.workers_free, 1U);
    EXPECT_TRUE(std::holds_alternative<Refused>(select(scene.candidate, scene.view, scene.policy)))
        << "nobody is left for another team";
}

TEST(Selection, OneWorkerIsEnoughWhereItIsInTime) {
    Scene scene = scene_for_a_team();
    scene.candidate.record.deadline_unix_s = now_s + 21'319 + 3'601;
    EXPECT_EQ(std::get<Chosen>(select(scene.candidate, scene.view, scene.policy)).terms.team, 1U);
}

TEST(Selection, ATeamMustBeThereAndAbleToMeet) {
    const auto reason = [](void (*spoil)(Scene& scene)) {
        Scene scene = scene_for_a_team();
        spoil(scene);
        const auto verdict = select(scene.candidate, scene.view, scene.policy);
        return std::holds_alternative<Refused>(verdict) ? std::get<Refused>(verdict).reason : "chosen";
    };
    const std::string one_is_late = "finish estimate 5 h 55 min + margin 60 min > 6 h 0 min left";
    EXPECT_EQ(reason([](Scene& s) { s.policy.cooperative = false; }), one_is_late);
    EXPECT_EQ(reason([](Scene& s) { s.view.workers_free = 1; }), one_is_late) << "JOBs wait for the others";
    EXPECT_EQ(reason([](Scene& s) { s.view.workers[1].is_committed = s.view.workers[2].is_committed = true; }),
              one_is_late);
    EXPECT_EQ(reason([](Scene& s) { s.view.workers[1].cooperative_host = "127.0.0.1"; }), one_is_late)
        << "it may lead, and nobody else is on its machine";
    EXPECT_EQ(reason([](Scene& s) {
                  for (auto& one : s.view.workers) one.cooperative_host = one.peer = "127.0.0.1";
              }),
              "chosen")
        << "all are on the master's machine";
    EXPECT_EQ(reason([](Scene& s) { s.candidate.record.deadline_unix_s = now_s + 15'000; }),
              "finish estimate 5 h 55 min (3 h 41 min by a team of 3) + margin 60 min > 4 h 10 min left");
}

/// As on the published contract.
node::Payout kept_deposit() {
    return {repeated<JobId>(0x77), repeated<Hash256>(1), 17, coins("20"), coins("30"), coins("10")};
}

/// The sentence that is logged counts what is really paid; the operator has accepted it.
TEST(Selection, WhatTheContractKeepsCountsInTheExpectedValue) {
    Scene scene = good_scene();
    scene.view.short_payout = kept_deposit();
    scene.policy.shortfall_max = coins("20");
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Chosen>(verdict)) << std::get<Refused>(verdict).reason;
    EXPECT_EQ(node::value_text(std::get<Chosen>(verdict).value), "-10.2000");
    EXPECT_EQ(node::prospect_of(std::get<Chosen>(verdict)).expected_value, Wei{});
}

struct RefusalCase {
    std::string name;
    std::function<void(Scene&)> change;
    std::string reason;
    bool lasting;
};

class SelectionRefuses : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(SelectionRefuses, WithTheReasonAndItsNumbers) {
    Scene scene = good_scene();
    GetParam().change(scene);
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Refused>(verdict));
    const auto& refused = std::get<Refused>(verdict);
    EXPECT_EQ(refused.reason, GetParam().reason);
    EXPECT_EQ(refused.lasting, GetParam().lasting);
}

const std::vector<RefusalCase> refusal_cases{
    {"unknown", [](Scene& s) { s.candidate.record = {}; }, "the contract does not know this JOB", false},
    {"taken", [](Scene& s) { s.candidate.record.status = chain::JobStatus::processing; },
     "its status on chain is PROCESSING, not REQUESTED", false},
    {"program", [](Scene& s) { s.candidate.details.program_id = 7; },
     "program 7 is not one that this node runs (program_ids)", true},
    {"foreign_dataset",
     [](Scene& s) { s.candidate.details.dataset = api_client::dataset_name(s.candidate.id, repeated<Address>(0x77)); },
     "its dataset was uploaded by 0x7777777777777777777777777777777777777777, not by its requester, so nobody gets it "
     "from the "
     "Storage API",
     true},
    {"small", [](Scene& s) { s.candidate.dataset_bytes = 4'095; }, "dataset of 4095 bytes is smaller than 4096", false},
    {"large", [](Scene& s) { s.candidate.dataset_bytes = 10'000'000'001; },
     "dataset of 10000000001 bytes is larger than 10000000000 (dataset_bytes_max)", true},
    {"cheap", [](Scene& s) { s.candidate.record.fee = coins("9.99"); }, "fee 9.99 EMT is below min_fee 10 EMT", true},
    {"dear", [](Scene& s) { s.candidate.record.fee = coins("30.5"); }, "fee 30.5 EMT is above max_fee 30 EMT", true},
    {"verifier_fee", [](Scene& s) { s.candidate.record.fee = coins("10"); },
     "fee 10 EMT does not exceed the verifier fee of 10 EMT", true},
    {"value", [](Scene& s) { s.candidate.record.fee = coins("10.1"); },
     "its expected value is -0.0505 EMT: fee 10.1000, verifier fee -10.0000, missed deadline -0.0253, rejected result "
     "-0.1253",
     false},
    {"gas_converted",
     [](Scene& s) {
         s.policy.emt_per_alt = coins("20");
         s.view.gas_price = wei(1'000'000'000'000);
     },
     "its expected value is -5.2000 EMT: fee 20.0000, verifier fee -10.0000, chain gas -15.0000, missed deadline "
     "-0.0500, rejected result -0.1500",
     false},
    {"short_paid", [](Scene& s) { s.view.short_payout = kept_deposit(); },
     "the contract pays less than its rules say: JOB 0x77777777… was verified and brought 10 EMT instead of 30 EMT; "
     "this "
     "one would lack 20 EMT > 0 EMT (shortfall_max)",
     false},
    {"short_paid_beyond",
     [](Scene& s) {
         s.view.short_payout = kept_deposit();
         s.policy.shortfall_max = coins("19.5");
     },
     "the contract pays less than its rules say: JOB 0x77777777… was verified and brought 10 EMT instead of 30 EMT; "
     "this "
     "one would lack 20 EMT > 19.5 EMT (shortfall_max)",
     false},
    {"hour", [](Scene& s) { s.policy.hours.reset(22); }, "no deposit is made from 22:00 to 22:59 UTC (hours)", false},
    {"requester", [](Scene& s) { s.policy.requesters_avoided = {s.candidate.record.owner}; },
     "its requester 0x2222222222222222222222222222222222222222 is avoided (requesters_avoided)", true},
    {"language", [](Scene& s) { s.policy.languages = {"ja"}; }, "its language en is not one of ja (languages)", true},
    {"no_worker",
     [](Scene& s) {
         s.view.workers.clear();
         s.view.workers_free = 0;
     },
     "no worker is connected", false},
    {"claimed", [](Scene& s) { s.view.workers_free = 0; }, "none of the 1 connected workers is free", false},
    {"busy", [](Scene& s) { s.view.workers.front().job = repeated<JobId>(0x77); },
     "none of the 1 connected workers is free", false},
    {"resting", [](Scene& s) { s.view.workers.front().rest = Milliseconds(1); },
     "none of the 1 connected workers is free", false},
    {"unproved", [](Scene& s) { s.view.workers.front().fitness.reset(); },
     "none of the 1 connected workers is fit for it: 0x5151515151515151515151515151515151515151: it has not proved yet "
     "what it can train",
     false},
    {"no_trainer",
     [](Scene& s) { s.view.workers.front().fitness = unfit("cannot start emeth-trainer:\nNo such file"); },
     "none of the 1 connected workers is fit for it: 0x5151515151515151515151515151515151515151: cannot start "
     "emeth-trainer:\\x0aNo such file",
     false},
    {"memory", [](Scene& s) { s.view.workers.front().fitness->tokens_per_s.erase("nano"); },
     "none of the 1 connected workers is fit for it: 0x5151515151515151515151515151515151515151: nano does not fit "
     "into "
     "its memory",
     false},
    {"workers_disk", [](Scene& s) { s.view.workers.front().fitness->disk_free_bytes = 200 << 20; },
     "none of the 1 connected workers is fit for it: 0x5151515151515151515151515151515151515151: it needs 13143 MiB of "
     "disk, 200 MiB are free",
     false},
    {"workers_states", [](Scene& s) { s.view.workers.front().fitness->states_free_bytes = 1 << 20; },
     "none of the 1 connected workers is fit for it: 0x5151515151515151515151515151515151515151: the states take up to "
     "12443 MiB, its model_cached_size has 1 MiB left",
     false},
    {"tokens",
     [](Scene& s) {
         s.view.workers.front().power_capacity = 0;
         s.candidate.record.deadline_unix_s = now_s + 10'000;
     },
     "it takes 2 h 58 min if each byte of its dataset is a token, which nobody knows before the deposit, and 2 h 46 "
     "min are left",
     false},
    {"late", [](Scene& s) { s.candidate.record.deadline_unix_s = now_s - 90; }, "its deadline passed 90 s ago", true},
    {"deadline", [](Scene& s) { s.candidate.record.deadline_unix_s = now_s + 18'600; },
     "finish estimate 5 h 55 min + margin 60 min > 5 h 10 min left", false},
    {"margin", [](Scene& s) { s.candidate.record.deadline_unix_s = now_s + 21'319 + 3'600; },
     "finish estimate 5 h 55 min + margin 60 min > 6 h 55 min left", false},
    {"deposit", [](Scene& s) { s.view.emt_free = coins("19.5"); }, "deposit 20 EMT > 19.5 EMT at hand", false},
    {"allowance", [](Scene& s) { s.policy.allowance_cap = coins("19.5"); }, "deposit 20 EMT > allowance cap 19.5 EMT",
     true},
    {"gas_money", [](Scene& s) { s.view.alt_free = wei(0); }, "gas money 0.00075 ALT > 0 ALT at hand", false},
    {"disk",
     [](Scene& s) {
         s.policy.disk_bytes_per_dataset_byte = 4;
         s.policy.disk_reserve_bytes = 100 << 20;
         s.view.disk_free_bytes = 400 << 20;
     },
     "needs 12943 MiB of disk, 400 MiB are free", false},
};

INSTANTIATE_TEST_SUITE_P(EveryReason, SelectionRefuses, ::testing::ValuesIn(refusal_cases),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(Selection, RefusesAParamThatDoesNotParse) {
    for (const char* param :
         {"", "{", "[]", R"({"language":"fr","epoch":2})", R"({"language":"en"})", R"({"language":"en","epoch":0})",
          R"({"language":"en","epoch":2,"model":"../x"})", R"({"language":"en","epoch":2,"model":"gpt9"})"}) {
        Scene scene = good_scene();
        scene.candidate.details.param = param;
        const auto verdict = select(scene.candidate, scene.view, scene.policy);
        ASSERT_TRUE(std::holds_alternative<Refused>(verdict)) << param;
        EXPECT_TRUE(std::get<Refused>(verdict).lasting);
        EXPECT_NE(std::get<Refused>(verdict).reason.find("param"), std::string::npos)
            << std::get<Refused>(verdict).reason;
    }
}

TEST(Selection, TrainsAtLeastNEpochsAndCountsTheirTime) {
    Scene scene = good_scene();
    scene.policy.rules.epochs_min = 4;
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    EXPECT_EQ(std::get<Chosen>(verdict).spec.epochs, 4U);
    EXPECT_EQ(std::get<Chosen>(verdict).finish_estimate_s, 42'638);
}

TEST(Selection, RefusesToTrainMoreEpochsThanAVerifierTakes) {
    Scene scene = good_scene();
    scene.policy.rules.epochs_min = trainer_protocol::epochs_accepted + 1;
    const auto verdict = select(scene.candidate, scene.view, scene.policy);
    ASSERT_TRUE(std::holds_alternative<Refused>(verdict));
    EXPECT_EQ(std::get<Refused>(verdict).reason,
              "n_epoch is 101, but a verifier takes at most 100 epochs of a JOB that asks for 2");
    EXPECT_TRUE(std::get<Refused>(verdict).lasting);
}

TEST(Selection, ReadsRatesFromTheContract) {
    Scene scene = good_scene();
    scene.view.constants.deposit_rate = 50'000;
    EXPECT_EQ(std::get<Chosen>(select(scene.candidate, scene.view, scene.policy)).deposit, coins("10"));
}

TEST(Selection, HoldsForAmountsAndSizesOfAnySize) {
    Scene scene = good_scene();
    scene.candidate.record.fee.bytes.fill(0xff);
    scene.policy.max_fee.bytes.fill(0xff);
    scene.view.gas_price.bytes.fill(0xff);
    scene.policy.emt_per_alt.bytes.fill(0xff);
    scene.candidate.gas = ~std::uint64_t{0};
    EXPECT_TRUE(std::holds_alternative<Refused>(select(scene.candidate, scene.view, scene.policy)));
    scene.policy.emt_per_alt = Wei{};
    EXPECT_TRUE(std::holds_alternative<Refused>(select(scene.candidate, scene.view, scene.policy)));
}

TEST(Selection, WhatIsTakenCountsAgainstTheNext) {
    Scene scene = good_scene();
    scene.view.workers_free = 2;
    scene.view.emt_free = coins("35");
    scene.view.alt_free = coins("0.001");
    const auto first = std::get<Chosen>(select(scene.candidate, scene.view, scene.policy));
    node::reserve(scene.view, first);
    EXPECT_EQ(scene.view.workers_free, 1U);
    EXPECT_EQ(scene.view.emt_free, coins("15"));
    EXPECT_EQ(scene.view.alt_free, coins("0.00025"));
    EXPECT_EQ(std::get<Refused>(select(scene.candidate, scene.view, scene.policy)).reason,
              "deposit 20 EMT > 15 EMT at hand");
    scene.view.emt_free = coins("20");
    EXPECT_EQ(std::get<Refused>(select(scene.candidate, scene.view, scene.policy)).reason,
              "gas money 0.00075 ALT > 0.00025 ALT at hand");
}

/// The slower one is who might get it.
TEST(Selection, CountsTheElectricityOfTheWorkerThatTheEstimateIsMadeFor) {
    Scene scene = good_scene();
    scene.policy.emt_per_kwh = coins("0.5");
    scene.view.workers.push_back(worker(0x52));
    scene.view.workers.back().power_capacity = 20'000;
    scene.view.workers_free = 2;
    scene.view.workers.front().fitness->watts = 100;
    const auto electricity = [&] {
        const auto chosen = std::get<Chosen>(select(scene.candidate, scene.view, scene.policy));
        return chosen.value.term(node::ValueTerm::electricity);
    };
    EXPECT_EQ(electricity(), Wei{}) << "its machine does not tell";
    scene.view.workers.back().fitness->watts = 360;
    EXPECT_EQ(electricity(), coins("1.455")) << "360 W for 29100 s are 2.91 kWh";
    scene.policy.watts = 36;
    EXPECT_EQ(electricity(), coins("0.1455")) << "what is set counts before what is measured";
    scene.policy.watts = 0;
    scene.view.workers.back().fitness->watts = 3'600;
    EXPECT_TRUE(std::holds_alternative<Refused>(select(scene.candidate, scene.view, scene.policy)));
}

TEST(Selection, AProspectShowsWhatThePriorityMayLookAt) {
    const Scene scene = good_scene();
    const auto prospect = node::prospect_of(std::get<Chosen>(select(scene.candidate, scene.view, scene.policy)));
    EXPECT_EQ(prospect.id, scene.candidate.id);
    EXPECT_EQ(prospect.fee, coins("20"));
    EXPECT_EQ(prospect.dataset_bytes, scene.candidate.dataset_bytes);
    EXPECT_EQ(prospect.deadline_unix_s, now_s + 86'400);
    EXPECT_EQ(prospect.worker_s, 21'319);
    EXPECT_EQ(prospect.expected_value, coins("9.8"));
}

}  // namespace
}  // namespace emeth::test
