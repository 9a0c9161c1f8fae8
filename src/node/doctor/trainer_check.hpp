// Whether a trainer starts on this machine, and what it computes with. Io thread only.
#pragma once

#include <filesystem>

#include "node/doctor/finding.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::node {

struct TrainerQuestion {
    std::filesystem::path program;  ///< emeth-trainer
    trainer_protocol::ComputeOptions compute;
    bool trials = false;  ///< train some steps of the small presets, which takes 10 s and more
    /// What it means if no trainer starts here: a problem of a worker; a master may have its workers elsewhere.
    Verdict if_unfit = Verdict::problem;
    Milliseconds patience{8'000};  ///< how long it may take to load libtorch; trials come on top
};

/// After so long the answer is there, or was given up.
Milliseconds limit_of(const TrainerQuestion& question);

/// The trainer's log is kept in a folder of its own, which is removed at the end.
Task<> look_at_trainer(TrainerQuestion question, Findings& findings);

}  // namespace emeth::node
