// Server-sent events (WHATWG HTML, section 9.2), the server's side: an answer that does not end, made of small texts. A
// listener is sent the next event only once its connection has taken the last one, so nothing queues up for a slow one.
// Io thread only.
//
//   Task<> count(http::EventStream stream, http::ServerRequest) {
//       for (int number = 0;; ++number) {
//           std::string text = std::to_string(number);
//           const auto sent = co_await stream.send("number", std::move(text));
//           if (sent.has_error()) co_return;
//           co_await system_clock().sleep(Milliseconds(1'000));
//       }
//   }
//   server.route_events("/numbers", {}, count);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace emeth::http {

/// One event as it is sent: every line of `data` becomes a line of its own. `name`: a word.
std::string event_text(std::string_view name, std::string_view data);

class EventStream {
public:
    struct Impl;
    explicit EventStream(std::unique_ptr<Impl> impl);
    EventStream(EventStream&&) noexcept;
    EventStream& operator=(EventStream&&) noexcept;
    ~EventStream();

    /// Returns once the connection has taken the event. An Error: the listener is gone, or has not taken it within the
    /// patience of its route; there is nothing left to do but to return.
    Task<Result<void>> send(std::string name, std::string data);

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::http
