#include "node/pipeline/helper_calls.hpp"

#include <utility>

#include "runtime/subject_log.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds call_again_after{60'000};

}  // namespace

void HelperCalls::set_rendezvous(std::optional<trainer_protocol::Rendezvous> rendezvous) {
    rendezvous_ = std::move(rendezvous);
    if (rendezvous_) told_.notify();
}

Task<> HelperCalls::run(JobId job) {
    for (;;) {
        co_await told_.wait();
        if (!rendezvous_) continue;
        trainer_protocol::Rendezvous rendezvous = *rendezvous_;
        if (workers_.helpers_to_call(job, rendezvous) == 0) continue;
        auto work = co_await orders_.assignment();
        if (work.has_error()) {
            log_of(job).warn("no worker is called to help: {}", work.error().message);
            co_await clock_.sleep(call_again_after);
            continue;
        }
        worker_protocol::Join order{std::move(*work), std::move(rendezvous)};
        co_await workers_.order(std::move(order));
    }
}

}  // namespace emeth::node
