// Places where a test ends the process as a power cut would: just before and just after every durable commit and every
// external effect. When disabled, a place costs one predictable branch.
//
//   EMETH_FAILPOINT=before:commit SubmitSigned:/tmp/fired
//       SIGKILL at that place, once, in whichever process reaches it first; the file is created at that moment.
//   EMETH_FAILPOINT=abort:before:commit SubmitSigned:/tmp/fired
//       The same, but the process aborts, as it would by a bug.
//   EMETH_FAILPOINT=trace::/tmp/trace
//       Every place that is passed is appended to the file.
//
// The variable reaches local workers and trainers. Thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace emeth::failpoint {

enum class Moment { before, after };

/// One effect, and what has to happen for a node to reach it.
struct Place {
    std::string_view effect;   ///< "commit SubmitSigned", "broadcast process", "file checkpoint", …
    std::string_view process;  ///< master, worker or trainer
    std::string_view path;     ///< normal: of every JOB; restart, decline, replacement, withdraw: the master is started
                               ///< again, gives the JOB back, finds the price of gas risen, fetches rewards
};

/// All places at which the crash matrix kills a real process. Events that only the chain or a failing worker causes are
/// not among them; the pipelines' unit tests crash at each of those commits.
std::span<const Place> places();

namespace detail {
extern const bool armed;
void pass(Moment moment, std::string_view effect, std::string_view subject);
}  // namespace detail

/// `effect` and `subject` together form the name: "commit", "SubmitSigned".
inline void before(std::string_view effect, std::string_view subject) {
    if (detail::armed) [[unlikely]]
        detail::pass(Moment::before, effect, subject);
}
inline void after(std::string_view effect, std::string_view subject) {
    if (detail::armed) [[unlikely]]
        detail::pass(Moment::after, effect, subject);
}

}  // namespace emeth::failpoint
