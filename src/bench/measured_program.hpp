// Runs programs that measure themselves and print one line of JSON, and peers that are only timed.
#pragma once

#include <sys/types.h>

#include <boost/json/value.hpp>
#include <filesystem>
#include <string>

namespace emeth::bench {

/// A folder (0700) below the current one that is deleted with its owner.
class Workshop {
public:
    Workshop();
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop();
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// What `command` prints, as JSON; throws if it fails. A shell runs it: commands consist of
/// our own paths and numbers only.
boost::json::value output_of(const std::string& command);

/// How long `command` takes, in seconds; throws if it fails.
double seconds_of(const std::string& command);

/// A field of such a line; throws if it is missing.
double number(const boost::json::value& answer, const char* key);
std::string text(const boost::json::value& answer, const char* key);

/// "VmRSS", "VmHWM" or "RssAnon" of /proc/<pid>/status, MB; 0 if the process is gone.
double memory_mb(pid_t pid, const std::string& field);

/// For the shell. `text` must hold no single quote.
std::string quoted(const std::string& text);

}  // namespace emeth::bench
