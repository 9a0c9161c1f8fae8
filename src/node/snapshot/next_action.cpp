#include "node/snapshot/next_action.hpp"

#include <fmt/format.h>

#include "node/pipeline/retry_wait.hpp"
#include "runtime/utc_text.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/state.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using sm::Command;

/// "14:05:10 UTC", with the day if it is not today.
std::string time_text(std::int64_t unix_ms, std::int64_t now_unix_ms) {
    const std::string text = utc_text(unix_ms) + " UTC";
    const std::string today = utc_date(now_unix_ms) + " ";
    return text.starts_with(today) ? text.substr(today.size()) : text;
}

/// "trains until about 14:20:10 UTC", or only "trains".
std::string until_finish(std::string_view work, const NextActionView& view) {
    if (!view.finish_estimate_s || *view.finish_estimate_s <= 0) return std::string(work);
    const std::int64_t at = view.now_unix_ms + *view.finish_estimate_s * 1'000;
    return fmt::format("{} until about {}", work, time_text(at, view.now_unix_ms));
}

std::string until_deep(std::string_view transaction, std::uint64_t blocks) {
    return fmt::format("waits until the {} is {} {} deep", transaction, blocks, blocks == 1 ? "block" : "blocks");
}

std::string upload_text(const sm::Job& job, std::string_view verb) {
    const bool is_evidence = sm::delivery_of(job.state) == sm::Delivery::evidence;
    return fmt::format("{} the upload of the {}, then {}", verb, is_evidence ? "evidence" : "result",
                       is_evidence ? "waits for the verdict" : "submits it");
}

bool needs_worker(Command command) {
    return command == Command::download || command == Command::train || command == Command::upload_parts ||
           command == Command::pack_evidence;
}

std::string wait_for_worker(sm::State state) {
    if (sm::hold_of(state) == sm::WorkerHold::files)
        return "waits for its worker, which alone has the evidence, to connect again";
    return "waits for its worker to connect again, or gives the work to another one that can still finish it";
}

std::string text_of_command(const sm::Job& job, const NextActionView& view) {
    const Command command = sm::next_command(job);
    if (view.worker_is_away && needs_worker(command)) return wait_for_worker(job.state);
    switch (command) {
        case Command::send_process:
            return "locks the deposit, then leases a worker";
        case Command::await_process:
            return until_deep("process transaction", view.confirmations) + ", then leases a worker";
        case Command::lease_worker:
            return until_finish("has the next idle worker that is able to train it", view);
        case Command::download:
            return until_finish("has the dataset fetched and tokenised, then trains", view);
        case Command::train:
            return until_finish("trains", view) + ", then uploads the result";
        case Command::open_upload:
            return upload_text(job, "opens");
        case Command::upload_parts:
            return upload_text(job, "goes on with");
        case Command::complete_upload:
            return upload_text(job, "completes");
        case Command::send_submit:
            return "submits the result, then shows evidence";
        case Command::await_submit:
            return until_deep("submit", view.confirmations) + ", then shows evidence";
        case Command::await_draw:
            return "shows the evidence that the submit's block draws, then waits for the verdict";
        case Command::pack_evidence:
            return "uploads the evidence once its worker has packed it, then waits for the verdict";
        case Command::await_verdict:
            return fmt::format(
                "waits for the verifier's verdict, for which the contract sets no time and which counts {} {} deep",
                view.verdict_confirmations, view.verdict_confirmations == 1 ? "block" : "blocks");
        case Command::send_decline:
            return "declines it";
        case Command::await_decline:
            return until_deep("decline", view.confirmations) + ", then it is over";
        case Command::cleanup:
            return "nothing";
    }
    return "nothing";
}

}  // namespace

std::string next_action(const sm::Job& job, const NextActionView& view) {
    if (!view.has_master) return "nothing until a master is started";
    if (sm::is_end(job.state) || job.retry.attempt == 0) return text_of_command(job, view);
    const auto at = retry_at_unix_ms(job, view.now_unix_ms);
    const std::string when = at ? " at " + time_text(*at, view.now_unix_ms) : "";
    return fmt::format("tries the {} again{} (try {})", job.retry.step, when, std::uint64_t{job.retry.attempt} + 1);
}

}  // namespace emeth::node
