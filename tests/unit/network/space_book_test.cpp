#include "network/storage_api/space_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

Address address(std::uint8_t number) {
    Address value;
    value.bytes.back() = number;
    return value;
}
JobId job(std::uint8_t number) {
    JobId value;
    value.bytes.back() = number;
    return value;
}

constexpr std::uint64_t total_max = 10'000, address_max = 3'000, job_max = 2'000;

class SpaceBookTest : public ::testing::Test {
protected:
    static StorageLimits limits() {
        StorageLimits limits;
        limits.total_bytes_max = total_max;
        limits.address_bytes_max = address_max;
        limits.job_bytes_max = job_max;
        return limits;
    }
    SpaceBook book{limits()};
};

using Use = SpaceBook::Use;

TEST_F(SpaceBookTest, AReservationCountsUntilItEndsOrIsStored) {
    const Payer payer{address(1), job(1)};
    {
        const auto reserved = book.reserve(payer, 700);
        ASSERT_TRUE(reserved.has_value());
        EXPECT_EQ(book.total(), (Use{0, 700}));
        EXPECT_EQ(book.of(address(1)), (Use{0, 700}));
        EXPECT_EQ(book.of(job(1)), (Use{0, 700}));
    }
    EXPECT_EQ(book.total(), Use());
    auto reserved = book.reserve(payer, 700);
    book.store(std::move(*reserved), "a", payer, 700);
    EXPECT_EQ(book.total(), (Use{700, 0}));
    auto smaller = book.reserve(payer, 1);
    book.store(std::move(*smaller), "a", payer, 1);
    EXPECT_EQ(book.total(), (Use{1, 0})) << "in place of what lay there";
    book.erase("a");
    book.erase("a");
    EXPECT_EQ(book.total(), Use());
    EXPECT_EQ(book.of(address(1)), Use());
}

TEST_F(SpaceBookTest, EachQuotaRefusesWithItsName) {
    const auto of_address = book.reserve({.address = address(1)}, address_max);
    const auto of_job = book.reserve({.job = job(1)}, job_max);
    EXPECT_THAT(book.reserve({.address = address(1)}, 1).error().message, HasSubstr("address_bytes_max"));
    EXPECT_THAT(book.reserve({address(2), job(1)}, 1).error().message, HasSubstr("job_bytes_max"));
    EXPECT_THAT(book.reserve({}, total_max).error().message, HasSubstr("storage_bytes_max"));
    EXPECT_EQ(book.reserve({}, ~std::uint64_t{0}).error().status, 507u);
    EXPECT_TRUE(book.check({}, total_max - address_max - job_max).has_value());
    EXPECT_EQ(book.total(), (Use{0, address_max + job_max})) << "what was refused is not counted";
}

TEST_F(SpaceBookTest, WhatIsFoundCountsAlsoAboveTheQuota) {
    book.found("old", {.address = address(1)}, 2 * total_max);
    EXPECT_EQ(book.reserve({}, 0).error().status, 507u);
    book.erase("old");
    EXPECT_TRUE(book.reserve({}, 0).has_value());
}

TEST_F(SpaceBookTest, ErasesWhatLiesBelow) {
    for (const char* key : {"uploads/1/a/x", "uploads/1/a/y", "uploads/1/ab", "uploads/2"}) book.found(key, {}, 1);
    book.erase_below("uploads/1/a/");
    EXPECT_EQ(book.total().stored, 2u);
}

/// Four threads do what servers do; the book must be what is really there after all, and never above a quota.
TEST_F(SpaceBookTest, IsExactUnderRaces) {
    constexpr std::size_t threads = 4, keys_each = 8, steps = 20'000;
    struct Oracle {
        std::map<std::string, std::pair<Payer, std::uint64_t>> entries;
    };
    std::vector<Oracle> oracles(threads);
    std::vector<std::thread> running;
    for (std::size_t thread = 0; thread < threads; ++thread)
        running.emplace_back([this, thread, &oracle = oracles[thread]] {
            std::mt19937 random(static_cast<unsigned>(thread));
            std::vector<std::pair<Payer, SpaceBook::Reservation>> held;
            for (std::size_t step = 0; step < steps; ++step) {
                const auto draw = static_cast<std::uint8_t>(random() % 4);
                const Payer payer{draw == 0 ? std::nullopt : std::optional(address(draw)),
                                  random() % 2 == 0 ? std::nullopt : std::optional(job(draw))};
                const std::string key = std::to_string(thread) + "/" + std::to_string(random() % keys_each);
                const auto action = random() % 6;
                if (action < 2) {
                    auto reserved = book.reserve(payer, random() % 500);
                    if (reserved) held.emplace_back(payer, std::move(*reserved));
                } else if (action == 2 && !held.empty()) {
                    const std::uint64_t bytes = held.back().second.bytes();
                    oracle.entries[key] = {held.back().first, bytes};
                    book.store(std::move(held.back().second), key, held.back().first, bytes);
                    held.pop_back();
                } else if (action == 3 && !held.empty()) {
                    held.pop_back();
                } else if (action == 4) {
                    oracle.entries.erase(key);
                    book.erase(key);
                } else if (random() % 100 == 0) {
                    oracle.entries.clear();
                    book.erase_below(std::to_string(thread) + "/");
                }
                const Use use = book.total();
                ASSERT_LE(use.stored + use.reserved, total_max);
            }
        });
    for (std::thread& thread : running) thread.join();
    Use total, first_address, first_job;
    for (const Oracle& oracle : oracles)
        for (const auto& [key, entry] : oracle.entries) {
            total.stored += entry.second;
            if (entry.first.address == address(1)) first_address.stored += entry.second;
            if (entry.first.job == job(1)) first_job.stored += entry.second;
        }
    EXPECT_EQ(book.total(), total);
    EXPECT_EQ(book.of(address(1)), first_address);
    EXPECT_EQ(book.of(job(1)), first_job);
}

}  // namespace
}  // namespace emeth::network
