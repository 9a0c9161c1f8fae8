#include "runtime/failpoint.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "runtime/file_descriptor.hpp"

namespace emeth::failpoint {
namespace {

constexpr std::array all_places{
    Place{"file worker", "master", "normal"},
    Place{"commit Discovered", "master", "normal"},
    Place{"commit DepositSigned", "master", "normal"},
    Place{"broadcast approve", "master", "normal"},
    Place{"broadcast process", "master", "normal"},
    Place{"commit ProcessConfirmed", "master", "normal"},
    Place{"commit LeaseGranted", "master", "normal"},
    Place{"order assign", "master", "normal"},
    Place{"file job", "worker", "normal"},
    Place{"file dataset", "worker", "normal"},
    Place{"start trainer", "worker", "normal"},
    Place{"file tokenizer", "trainer", "normal"},
    Place{"file tokens", "trainer", "normal"},
    Place{"report dataset_ready", "worker", "normal"},
    Place{"commit DatasetReady", "master", "normal"},
    Place{"report training_started", "worker", "normal"},
    Place{"report progress", "worker", "normal"},
    Place{"file state", "trainer", "normal"},
    Place{"file checkpoint", "trainer", "normal"},
    Place{"file runs", "trainer", "normal"},
    Place{"report checkpoint_saved", "worker", "normal"},
    Place{"commit CheckpointSaved", "master", "normal"},
    Place{"file artifact", "trainer", "normal"},
    Place{"report trained", "worker", "normal"},
    Place{"commit TrainingFinished", "master", "normal"},
    Place{"storage open_upload", "master", "normal"},
    Place{"commit UploadOpened", "master", "normal"},
    Place{"order upload", "master", "normal"},
    Place{"storage put_part", "worker", "normal"},
    Place{"report part_uploaded", "worker", "normal"},
    Place{"commit PartUploaded", "master", "normal"},
    Place{"acknowledge report", "master", "normal"},
    Place{"storage complete_upload", "master", "normal"},
    Place{"commit UploadCompleted", "master", "normal"},
    Place{"commit SubmitSigned", "master", "normal"},
    Place{"broadcast submit", "master", "normal"},
    Place{"commit SubmitConfirmed", "master", "normal"},
    Place{"commit EvidenceDrawn", "master", "normal"},
    Place{"order evidence", "master", "normal"},
    Place{"file evidence", "worker", "normal"},
    Place{"report evidence_packed", "worker", "normal"},
    Place{"commit EvidencePacked", "master", "normal"},
    Place{"storage open_evidence", "master", "normal"},
    Place{"storage put_evidence", "worker", "normal"},
    Place{"storage complete_evidence", "master", "normal"},
    Place{"commit Verified", "master", "normal"},
    Place{"order release", "master", "normal"},
    Place{"commit Restarted", "master", "restart"},
    Place{"commit DeclineDecided", "master", "decline"},
    Place{"commit DeclineSigned", "master", "decline"},
    Place{"broadcast decline", "master", "decline"},
    Place{"commit Declined", "master", "decline"},
    Place{"commit replacement", "master", "replacement"},
    Place{"broadcast replacement", "master", "replacement"},
    Place{"broadcast withdraw", "master", "withdraw"},
    Place{"commit rewards", "master", "withdraw"},
};

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
    return all_places;
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
