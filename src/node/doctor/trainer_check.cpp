#include "node/doctor/trainer_check.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "node/doctor/judgements.hpp"
#include "runtime/child_process.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/utf8.hpp"
#include "runtime/waiting.hpp"
#include "runtime/with_timeout.hpp"
#include "trainer_protocol/machine_description.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::node {
namespace {

namespace messages = trainer_protocol;

constexpr Milliseconds trials_limit{300'000};  // as a worker's own
constexpr std::size_t output_bytes_max = 64 << 10;

/// Readable by this user alone, gone with the object.
class TemporaryFolder {
public:
    static Result<TemporaryFolder> make() {
        std::string path = (std::filesystem::temp_directory_path() / "emeth-doctor-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) return errno_error("cannot make a folder like " + path, errno);
        return TemporaryFolder(path);
    }
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}

    std::filesystem::path path_;
};

/// The last line of `output`, without its newline; empty if there is none.
std::string last_line(const std::string& output) {
    const std::size_t last = output.find_last_not_of('\n');
    if (last == std::string::npos) return "";
    const std::size_t before = output.rfind('\n', last);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return one_line(output.substr(begin, last + 1 - begin));
}

/// A trainer that fails says why; one that is killed cannot.
Error why_it_ended(const ChildEnd& end, const std::string& output) {
    const std::string said = last_line(output);
    if (end.signal == 0 && !said.empty()) return permanent_error(said);
    return permanent_error(
        fmt::format("emeth-trainer was ended by {}{}{}", end.describe(), said.empty() ? "" : ": ", said));
}

Task<Result<messages::MachineDescription>> describe(TrainerQuestion question, std::filesystem::path output) {
    ChildOptions options;
    options.program = question.program;
    options.arguments = {"describe", "--device=" + question.compute.device,
                         "--threads=" + std::to_string(question.compute.threads),
                         "--precision=" + question.compute.precision};
    options.output = output;
    auto child = ChildProcess::start(co_await asio::this_coro::executor, options);
    if (child.has_error()) co_return child.error();
    const ChildEnd end = co_await child->wait();
    const Result<std::string> text = read_file(output, output_bytes_max);
    if (text.has_error()) co_return text.error();
    if (end.signal != 0 || end.exit_code != 0) co_return why_it_ended(end, *text);
    co_return messages::read_machine_description(*text);
}

using Speeds = std::map<std::string, messages::Speed>;

Task<Result<Speeds>> try_out(TrainerQuestion question, std::filesystem::path log) {
    messages::Request request = messages::CalibrateRequest{question.compute, std::nullopt};
    auto start = messages::TrainerChild::start(question.program, std::move(request), std::move(log));
    auto child = co_await std::move(start);
    if (child.has_error()) co_return child.error();
    for (;;) {
        auto report = co_await child->next();
        if (report.has_error()) co_return report.error();
        if (const auto* failed = std::get_if<messages::Failed>(&*report)) co_return permanent_error(failed->message);
        if (auto* answer = std::get_if<messages::Calibrated>(&*report)) co_return answer->calibration.training;
    }
}

/// What takes too long may be a matter of the moment.
Finding unfit(const Error& error, Verdict verdict) {
    if (error.kind == ErrorKind::transient)
        return {"trainer", Verdict::warning, error.message,
                "this machine is busy, or its device hangs: try again with a longer --patience"};
    return {"trainer", verdict, error.message,
            verdict == Verdict::warning ? "nothing, if all workers are on other machines; else mend it, or set `device`"
                                        : "emeth-trainer and emeth-sentencepiece.so belong beside emeth; see `device`"};
}

}  // namespace

Milliseconds limit_of(const TrainerQuestion& question) {
    return question.patience + (question.trials ? trials_limit : Milliseconds(0));
}

Task<> look_at_trainer(TrainerQuestion question, Findings& findings) {
    const auto folder = TemporaryFolder::make();
    if (folder.has_error()) co_return findings.push_back(problem_of("trainer", folder.error()));
    const Waiting waiting("emeth-trainer");
    auto describing =
        with_timeout(describe(question, folder->path() / "description"), question.patience, "starting it");
    const auto machine = co_await std::move(describing);
    if (machine.has_error()) co_return findings.push_back(unfit(machine.error(), question.if_unfit));
    Speeds speeds;
    if (question.trials) {
        auto trying =
            with_timeout(try_out(question, folder->path() / "trainer.log"), trials_limit, "the trainer's trial");
        auto tried = co_await std::move(trying);
        if (tried.has_error()) co_return findings.push_back(unfit(tried.error(), question.if_unfit));
        speeds = *std::move(tried);
    }
    findings.push_back(judge_trainer(*machine, speeds));
    findings.push_back(judge_blas(*machine));
}

}  // namespace emeth::node
