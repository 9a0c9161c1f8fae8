// Selects the route for a request. Not for users of the library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/event_listeners.hpp"
#include "http/server.hpp"

namespace emeth::http {

/// The target of a request line, split up and percent-decoded.
struct Target {
    std::vector<std::string> segments;  ///< of the path
    std::map<std::string, std::string> query;

    /// Error for a target that is malformed or too long, or has a segment that is "." or ".." or contains '/' or a
    /// control character.
    static Result<Target> parse(std::string_view text);
    [[nodiscard]] std::string path() const;
};

struct FileBody {
    std::filesystem::path folder;
    FileAdmission admission;
};

struct EventsRoute {
    EventStreamOptions options;
    EventStreamHandler handler;
    std::shared_ptr<EventListeners> listeners;
};

struct Route {
    std::string method;
    std::vector<std::string> pattern;  ///< by segment
    std::uint64_t body_bytes_max = 0;
    std::optional<FileBody> file;
    // One of these is set.
    Handler handler;
    WebSocketHandler websocket;
    std::optional<EventsRoute> events;
};

class Router {
public:
    void add(std::string_view pattern, Route route);

    struct Match {
        const Route* route = nullptr;  ///< null: see `allowed`
        std::map<std::string, std::string> captures;
        std::string allowed;  ///< methods of the routes that fit the path; empty: there are none
    };
    [[nodiscard]] Match match(std::string_view method, const Target& target) const;

private:
    std::vector<Route> routes_;
};

}  // namespace emeth::http
