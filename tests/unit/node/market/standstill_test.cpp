#include "node/market/standstill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "chain/amount.hpp"
#include "node_world.hpp"
#include "runtime/log.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const Address wallet = Address::parse("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf").value();

struct StillClock final : Clock {
    [[nodiscard]] std::int64_t unix_ms() const override { return now.count(); }
    [[nodiscard]] Milliseconds monotonic() const override { return now; }
    Task<> sleep(Milliseconds) override { co_return; }
    Milliseconds now{0};
};

/// What is logged while it lives: "warning: …" lines.
class CapturedLog {
public:
    CapturedLog() {
        auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
        logger->set_pattern("%l: %v");
        spdlog::set_default_logger(std::move(logger));
    }
    ~CapturedLog() { spdlog::set_default_logger(before_); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    /// Since the last call.
    std::string take() {
        std::string text = text_.str();
        text_.str("");
        return text;
    }

private:
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::ostringstream text_;
};

node::WorkerInfo worker(std::uint8_t byte) {
    node::WorkerInfo info;
    info.address = repeated<Address>(byte);
    info.connected = true;
    return info;
}

node::WorkerInfo unfit_worker(std::uint8_t byte, std::string reason) {
    node::WorkerInfo info = worker(byte);
    info.fitness.emplace().unfit = std::move(reason);
    return info;
}

node::WorkerInfo fit_worker(std::uint8_t byte) {
    node::WorkerInfo info = worker(byte);
    info.fitness = fit_for_everything();
    return info;
}

node::NodeView rich_view() {
    node::NodeView view;
    view.constants.deposit_rate = chain::rate_denominator;
    view.emt_free = chain::parse_coins("100").value();
    view.alt_free = chain::parse_coins("1").value();
    view.gas_price = chain::to_wei(std::uint64_t{1'000'000'000});
    return view;
}

node::SelectionPolicy policy() {
    node::SelectionPolicy made;
    made.min_fee = chain::parse_coins("10").value();
    return made;
}

TEST(Standstill, NoFitWorker) {
    EXPECT_EQ(node::lack_of_workers({}), "no worker is connected");
    node::WorkerInfo gone = fit_worker(1);
    gone.connected = false;
    EXPECT_EQ(node::lack_of_workers({gone}), "no worker is connected");
    EXPECT_EQ(node::lack_of_workers({unfit_worker(1, "no\nCUDA"), unfit_worker(2, "no disk")}),
              "none of the 2 connected workers is fit: 0x0101010101010101010101010101010101010101: no\\x0aCUDA");
    node::WorkerInfo busy = fit_worker(2);
    busy.job = repeated<JobId>(7);
    EXPECT_FALSE(node::lack_of_workers({unfit_worker(1, "no CUDA"), busy})) << "it is only busy";
}

TEST(Standstill, TooLittleMoneyForAnyJob) {
    node::NodeView view = rich_view();
    EXPECT_FALSE(node::lack_of_emt(view, policy(), wallet));
    EXPECT_FALSE(node::lack_of_alt(view, wallet));
    view.emt_free = chain::parse_coins("9.5").value();
    EXPECT_EQ(
        node::lack_of_emt(view, policy(), wallet),
        "wallet 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf has 9.5 EMT to spare; the smallest deposit (of min_fee "
        "10 EMT) is 10 EMT: send EMT to it, or wait for deposits to come back");
    view.alt_free = {};
    EXPECT_THAT(node::lack_of_alt(view, wallet).value(),
                HasSubstr("wallet 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf has 0 ALT to spare for gas"));
}

TEST(Standstill, IsToldOnceAndHourlyAndItsEndOnce) {
    StillClock clock;
    CapturedLog log;
    node::StandstillLog told(clock);
    told.look_at_workers({});
    EXPECT_EQ(log.take(), "") << "it has just started";
    clock.now += node::StandstillLog::worker_patience;
    told.look_at_workers({});
    EXPECT_EQ(log.take(), "warning: no JOB is taken: no worker is connected\n");
    told.look_at_workers({});
    EXPECT_EQ(log.take(), "");
    clock.now += 1h;
    told.look_at_workers({});
    EXPECT_EQ(log.take(), "warning: no JOB is taken: no worker is connected\n");
    told.look_at_workers({fit_worker(1)});
    told.look_at_workers({fit_worker(1)});
    EXPECT_EQ(log.take(), "info: a worker is connected and fit: JOBs are taken again\n");

    node::NodeView view = rich_view();
    told.look_at_money(view, policy(), wallet);
    EXPECT_EQ(log.take(), "");
    for (const char* coins : {"9", "8"}) {  // another sum is no news
        view.emt_free = chain::parse_coins(coins).value();
        told.look_at_money(view, policy(), wallet);
    }
    EXPECT_THAT(log.take(), testing::AllOf(HasSubstr("has 9 EMT"), testing::Not(HasSubstr("has 8 EMT"))));
    told.look_at_money(rich_view(), policy(), wallet);
    EXPECT_EQ(log.take(), "info: there is EMT for deposits again\n");
}

}  // namespace
}  // namespace emeth::test
