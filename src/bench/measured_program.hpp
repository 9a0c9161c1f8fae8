// Programs that measure themselves and print one line of JSON, and peers that are only timed.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <string>

namespace emeth::bench {

/// A folder in the current one that goes away with its owner.
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

/// What `command` prints, as JSON; throws when it fails. A shell runs it: commands are made of our own paths and
/// numbers.
boost::json::value output_of(const std::string& command);

/// How long `command` takes, in seconds; throws when it fails.
double seconds_of(const std::string& command);

/// Fields of such a line; throw when they are not there.
double number(const boost::json::value& answer, const char* key);
std::string text(const boost::json::value& answer, const char* key);

/// For the shell. `text` must hold no single quote.
std::string quoted(const std::string& text);

}  // namespace emeth::bench
