// Lines of the log that are about a JOB or a worker. All name it in the same way, in fields of their own:
//
//   log_of(id).warn("cannot look at the chain: {}", error.message);
//
// gives "… warning master[7]: job=0x12ab34cd…: cannot look at the chain: …"; in JSON "job" has the whole id.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "runtime/log.hpp"
#include "statemachine/types.hpp"

namespace emeth {

struct LogSubject {
    std::optional<JobId> job{};
    std::optional<Address> worker{};
};

/// What the line is about that this thread is writing now, for those who write it.
const LogSubject& log_subject();
/// "job=0x12ab34cd… worker=0xef56ab78…: ", with what is known of it; empty if nothing is.
std::string log_prefix();

/// For a worker's own program: every line without another worker is about this one. Called while no other thread logs.
void set_own_worker(std::optional<Address> worker);

/// Logs lines about one subject. Thread-safe.
class SubjectLog {
public:
    explicit SubjectLog(LogSubject subject) : subject_(std::move(subject)) {}

    template <class... Args>
    void write(spdlog::level::level_enum level, spdlog::format_string_t<Args...> text, Args&&... args) const {
        const Scope scope(subject_);
        spdlog::log(level, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(spdlog::format_string_t<Args...> text, Args&&... args) const {
        write(spdlog::level::info, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warn(spdlog::format_string_t<Args...> text, Args&&... args) const {
        write(spdlog::level::warn, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(spdlog::format_string_t<Args...> text, Args&&... args) const {
        write(spdlog::level::err, text, std::forward<Args>(args)...);
    }

private:
    /// While a line is written, which is at once and by this thread.
    class Scope {
    public:
        explicit Scope(const LogSubject& subject);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
    };

    LogSubject subject_;
};

inline SubjectLog log_of(const JobId& job) {
    return SubjectLog({job, std::nullopt});
}
inline SubjectLog log_of(const Address& worker) {
    return SubjectLog({std::nullopt, worker});
}
inline SubjectLog log_of(const JobId& job, const Address& worker) {
    return SubjectLog({job, worker});
}

}  // namespace emeth
