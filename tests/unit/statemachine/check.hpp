// What the tests of the state machine share.
#pragma once

#include <gtest/gtest.h>

#include "statemachine/transition.hpp"
#include "support/job_events.hpp"

namespace emeth::statemachine {

/// The record after `body`, which must be accepted.
inline Job after(const Job& job, EventBody body) {
    const TransitionResult outcome = transition(job, {5'000, std::move(body)});
    const auto* refused = std::get_if<Rejection>(&outcome);
    EXPECT_EQ(refused, nullptr) << (refused ? refused->reason : "");
    return refused ? job : std::get<Transition>(outcome).next;
}

/// Why `body` is rejected; it must be.
inline Rejection rejection(const Job& job, EventBody body) {
    const TransitionResult outcome = transition(job, {5'000, std::move(body)});
    const auto* refused = std::get_if<Rejection>(&outcome);
    EXPECT_NE(refused, nullptr) << "was accepted";
    return refused ? *refused : Rejection{};
}

inline RejectionKind rejection_kind(const Job& job, EventBody body) {
    return rejection(job, std::move(body)).kind;
}

/// The record after the first `steps` events of the straight path.
inline Job straight(std::size_t steps) {
    auto events = test::straight_path();
    events.resize(steps, CanceledByRequester{});
    return test::job_after(events);
}

/// The transaction `number` signed again at the same nonce.
inline TxRef variant_of(std::uint64_t number, std::uint64_t block = 0) {
    TxRef variant = test::tx(number, block);
    variant.hash = test::numbered<Hash256>(1'000 + number);
    return variant;
}

// Steps of the straight path by name.
inline constexpr std::size_t deposit_signed = 1, process_confirmed = 2, lease_granted = 3, dataset_ready = 4,
                             checkpoint_saved = 6, training_finished = 7, upload_opened = 8, all_parts_uploaded = 10,
                             upload_completed = 11, submit_signed = 12, submit_confirmed = 13;

}  // namespace emeth::statemachine
