// What several members sum up while they compute: the same bits on each, whenever each of them is ready.
#include "trainer/team/gradient_sum.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace emeth::trainer {
namespace {

class Meeting final : public MeetingPlace {
public:
    Result<void> set(const std::string& key, std::string value) override {
        const std::scoped_lock lock(mutex_);
        values_[key] = std::move(value);
        changed_.notify_all();
        return {};
    }
    Result<std::string> get(const std::string& key, Milliseconds timeout) override {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, timeout, [&] { return values_.contains(key); })) return transient_error("late");
        return values_.at(key);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::string> values_;
};

/// More than two slices, the last of which is no multiple of the members.
constexpr std::int64_t elements = (2 << 20) + 1'001;

/// Runs `member` for each rank, on a thread of its own.
template <class Member>
void run_group(int size, Milliseconds timeout, Member member) {
    Meeting meeting;
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank)
        threads.emplace_back([&, rank] {
            auto group = ProcessGroup::form(meeting, "test", {rank, size}, "127.0.0.1", timeout);
            ASSERT_TRUE(group) << group.error().message;
            ASSERT_TRUE((*group)->all_reduce(at::ones({1}))) << "nobody leaves before all have come";
            member(**group);
        });
    for (std::thread& thread : threads) thread.join();
}

/// Of `size` members, whose layers become ready one by one, at different times.
std::vector<at::Tensor> sums_of(int size, const std::vector<at::Tensor>& terms, Precision precision) {
    std::vector<at::Tensor> sums(terms.size());
    run_group(size, Milliseconds(20'000), [&](ProcessGroup& group) {
        const int rank = group.place().rank;
        at::Tensor gradients = terms.at(static_cast<std::size_t>(rank)).clone();
        // What is not ready yet is still being computed, and must not be sent.
        at::Tensor unready = gradients.narrow(0, 0, elements / 2);
        const at::Tensor later = unready.clone();
        unready.fill_(1e9);
        GradientSum sum(group, gradients, precision);
        sum.ready_from(elements - 10);
        sum.ready_from(elements / 2);
        std::this_thread::sleep_for(std::chrono::milliseconds(50 * rank));
        unready.copy_(later);
        const Result<void> summed = sum.finish();
        ASSERT_TRUE(summed) << summed.error().message;
        sums.at(static_cast<std::size_t>(rank)) = gradients;
    });
    return sums;
}

std::vector<at::Tensor> random_terms(int size) {
    at::manual_seed(1);
    std::vector<at::Tensor> terms;
    for (int rank = 0; rank < size; ++rank) terms.push_back(at::randn({elements}));
    return terms;
}

at::Tensor exact_sum(const std::vector<at::Tensor>& terms) {
    at::Tensor sum = at::zeros({elements}, at::kDouble);
    for (const at::Tensor& term : terms) sum.add_(term.to(at::kDouble));
    return sum;
}

TEST(GradientSum, IsExactUpToRoundingInFloat32) {
    for (const int size : {2, 3}) {
        const auto terms = random_terms(size);
        const auto sums = sums_of(size, terms, Precision::float32);
        for (const at::Tensor& sum : sums) EXPECT_TRUE(at::equal(sum, sums[0])) << "the members differ";
        EXPECT_LT((sums[0].to(at::kDouble) - exact_sum(terms)).abs().max().item<double>(), 1e-5);
    }
}

TEST(GradientSum, IsRoundedAndTheSameOnEachMemberInBf16) {
    for (const int size : {2, 3}) {
        const auto terms = random_terms(size);
        const auto sums = sums_of(size, terms, Precision::bf16);
        for (const at::Tensor& sum : sums) EXPECT_TRUE(at::equal(sum, sums[0])) << "the members differ";
        const at::Tensor exact = exact_sum(terms);
        const at::Tensor error = sums[0].to(at::kDouble) - exact;
        EXPECT_LT((error.norm() / exact.norm()).item<double>(), 1.0 / 256);
        EXPECT_TRUE(at::equal(sums[0].to(at::kBFloat16).to(at::kFloat), sums[0])) << "sums go over the line rounded";
    }
}

TEST(GradientSum, KeepsWhatIsNoNumber) {
    auto terms = random_terms(2);
    terms[1][5] = std::numeric_limits<float>::quiet_NaN();
    terms[1][6] = std::numeric_limits<float>::infinity();
    const auto sums = sums_of(2, terms, Precision::bf16);
    EXPECT_TRUE(std::isnan(sums[0][5].item<float>()));
    EXPECT_TRUE(std::isinf(sums[0][6].item<float>()));
}

TEST(GradientSum, OfAMemberThatIsLostIsAnError) {
    for (const Precision precision : {Precision::float32, Precision::bf16})
        run_group(2, Milliseconds(5'000), [&](ProcessGroup& group) {
            if (group.place().rank == 1) return;  // it leaves
            GradientSum sum(group, at::ones({elements}), precision);
            const Result<void> summed = sum.finish();
            ASSERT_FALSE(summed);
            EXPECT_EQ(summed.error().kind, ErrorKind::transient);
            EXPECT_NE(summed.error().message.find("summing the gradients"), std::string::npos)
                << summed.error().message;
        });
}

TEST(GradientSum, MayBeAbandonedBeforeAndDuringASlice) {
    for (const std::int64_t ready_from : {elements - 1, elements / 2}) {
        std::promise<void> abandoned;
        run_group(2, Milliseconds(1'000), [&](ProcessGroup& group) {
            if (group.place().rank == 1) return abandoned.get_future().wait();  // it never sends its part
            {
                GradientSum sum(group, at::ones({elements}), Precision::bf16);
                sum.ready_from(ready_from);
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
            abandoned.set_value();
        });
    }
}

}  // namespace
}  // namespace emeth::trainer
