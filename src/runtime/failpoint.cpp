#include "runtime/failpoint.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/file_descriptor.hpp"
#include "statemachine/event.hpp"

namespace emeth::failpoint {
namespace {

using namespace statemachine;

constexpr std::array effects{
    Place{"file dashboard", "master", "normal"},
    Place{"file worker", "master", "normal"},
    Place{"broadcast approve", "master", "normal"},
    Place{"broadcast process", "master", "normal"},
    Place{"file calibration", "worker", "normal"},
    Place{"report fitness", "worker", "normal"},
    Place{"order assign", "master", "normal"},
    Place{"file job", "worker", "normal"},
    Place{"file download", "worker", "normal"},
    Place{"file dataset", "worker", "normal"},
    Place{"start trainer", "worker", "normal"},
    Place{"file tokenizer", "trainer", "normal"},
    Place{"file tokens", "trainer", "normal"},
    Place{"report dataset_ready", "worker", "normal"},
    Place{"report training_started", "worker", "normal"},
    Place{"report progress", "worker", "normal"},
    Place{"file state", "trainer", "normal"},
    Place{"file compute", "trainer", "normal"},
    Place{"file checkpoint", "trainer", "normal"},
    Place{"file runs", "trainer", "normal"},
    Place{"report checkpoint_saved", "worker", "normal"},
    Place{"file artifact", "trainer", "normal"},
    Place{"report trained", "worker", "normal"},
    Place{"storage open_upload", "master", "normal"},
    Place{"order upload", "master", "normal"},
    Place{"storage put_part", "worker", "normal"},
    Place{"report part_uploaded", "worker", "normal"},
    Place{"acknowledge report", "master", "normal"},
    Place{"storage complete_upload", "master", "normal"},
    Place{"broadcast submit", "master", "normal"},
    Place{"order evidence", "master", "normal"},
    Place{"file evidence", "worker", "normal"},
    Place{"report evidence_packed", "worker", "normal"},
    Place{"storage open_evidence", "master", "normal"},
    Place{"storage put_evidence", "worker", "normal"},
    Place{"storage complete_evidence", "master", "normal"},
    Place{"order release", "master", "normal"},
    Place{"broadcast decline", "master", "decline"},
    Place{"commit replacement", "master", "replacement"},
    Place{"broadcast replacement", "master", "replacement"},
    Place{"broadcast withdraw", "master", "withdraw"},
    Place{"commit rewards", "master", "withdraw"},
};

/// A commit that not every JOB passes: its path, or "" where only the chain or a failing worker causes it.
struct RareCommit {
    std::size_t event;
    std::string_view path;
};

constexpr std::array rare_commits{
    RareCommit{event_index<Restarted>, "restart"},
    RareCommit{event_index<DeclineDecided>, "decline"},
    RareCommit{event_index<DeclineSigned>, "decline"},
    RareCommit{event_index<Declined>, "decline"},
    RareCommit{event_index<LostToOtherNode>, ""},
    RareCommit{event_index<CanceledByRequester>, ""},
    RareCommit{event_index<BecameInfeasible>, ""},
    RareCommit{event_index<ProcessReverted>, ""},
    RareCommit{event_index<LeaseRevoked>, ""},
    RareCommit{event_index<TrainingResumed>, ""},
    RareCommit{event_index<UploadAborted>, ""},
    RareCommit{event_index<ResultRejected>, ""},
    RareCommit{event_index<TimedOut>, ""},
    RareCommit{event_index<ReorgedOut>, ""},
    RareCommit{event_index<StepFailed>, ""},
    RareCommit{event_index<WorkerLost>, ""},
    RareCommit{event_index<SubmitReverted>, ""},
    RareCommit{event_index<DeclineReverted>, ""},
};

constexpr std::string_view path_of_commit(std::size_t event) {
    for (const RareCommit& rare : rare_commits)
        if (rare.event == event) return rare.path;
    return "normal";
}

/// "commit Discovered", …: by event.
const std::array<std::string, event_kinds>& commit_names() {
    static const auto names = [] {
        std::array<std::string, event_kinds> all;
        for (std::size_t event = 0; event < event_kinds; ++event)
            all[event] = "commit " + std::string(event_name(event));
        return all;
    }();
    return names;
}

std::vector<Place> all_places() {
    std::vector<Place> all(effects.begin(), effects.end());
    for (std::size_t event = 0; event < event_kinds; ++event) {
        const std::string_view path = path_of_commit(event);
        if (!path.empty()) all.push_back({commit_names()[event], "master", path});
    }
    return all;
}

struct Order {
    std::string name;  ///< "before:commit SubmitSigned"; "trace:" for all
    std::string file;
    bool by_abort = false;
};

/// The file's path begins at the first '/': effects contain none.
Order read_order() {
    const char* value = std::getenv("EMETH_FAILPOINT");
    const std::string_view text = value == nullptr ? "" : value;
    const auto path = text.find(":/");
    if (path == std::string_view::npos) return {};
    constexpr std::string_view abort_prefix = "abort:";
    const bool by_abort = text.starts_with(abort_prefix);
    const auto begin = by_abort ? abort_prefix.size() : 0;
    return {std::string(text.substr(begin, path - begin)), std::string(text.substr(path + 1)), by_abort};
}

const Order& order() {
    static const Order read = read_order();
    return read;
}

void trace(const std::string& name) {
    const FileDescriptor file(::open(order().file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const std::string line = name + "\n";
    if (::write(file.get(), line.data(), line.size()) < 0) return;  // only a test's trace: nothing depends on it
}

/// The first process to create the file dies; all others live.
void fire() {
    const FileDescriptor mark(::open(order().file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!mark.is_open()) return;
    if (order().by_abort) std::abort();
    ::kill(::getpid(), SIGKILL);
}

}  // namespace

std::span<const Place> places() {
    static const std::vector<Place> all = all_places();
    return all;
}

namespace detail {

const bool armed = !read_order().file.empty();

void pass(Moment moment, std::string_view effect, std::string_view subject) {
    std::string name(moment == Moment::before ? "before:" : "after:");
    name.append(effect).append(" ").append(subject);
    if (order().name == "trace:") {
        trace(name);
    } else if (order().name == name) {
        fire();
    }
}

}  // namespace detail

}  // namespace emeth::failpoint
