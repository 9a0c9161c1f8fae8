// The newest lines of this program's log, kept in memory for whoever looks at it while it runs.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace emeth {

struct LogLine {
    std::uint64_t number = 0;  ///< from 1, without gaps
    std::int64_t at_unix_ms = 0;
    std::string level;  ///< "info", "warning", as the log writes it
    std::string text;   ///< one line, as the log writes it; cut after LogRing::line_bytes_max
};

/// [{"number", "atMs" (unix milliseconds), "level", "text"}, …]
boost::json::array to_json(const std::vector<LogLine>& lines);

/// From its construction to its destruction, the default logger writes to it as well. Both are done while no other
/// thread logs; after() is thread-safe.
class LogRing {
public:
    static constexpr std::size_t lines_max = 500;
    static constexpr std::size_t line_bytes_max = 2'000;

    LogRing();
    LogRing(const LogRing&) = delete;
    LogRing& operator=(const LogRing&) = delete;
    ~LogRing();

    /// Those of the kept lines whose number is greater than `number`, oldest first.
    [[nodiscard]] std::vector<LogLine> after(std::uint64_t number) const;

private:
    class Sink;
    std::shared_ptr<Sink> sink_;
};

}  // namespace emeth
