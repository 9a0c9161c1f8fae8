#include <boost/asio/write.hpp>

#include "http/event_stream_impl.hpp"

namespace emeth::http {
namespace {

constexpr std::string_view line_ends = "\r\n";

}  // namespace

std::string event_text(std::string_view name, std::string_view data) {
    std::string text = "event: " + std::string(name) + "\n";
    for (;;) {
        const std::size_t end = data.find_first_of(line_ends);
        text.append("data: ").append(data.substr(0, end)).append("\n");
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + (data.substr(end).starts_with(line_ends) ? 2 : 1));
    }
    return text + "\n";
}

EventStream::EventStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

Task<Result<void>> EventStream::send(std::string name, std::string data) {
    ServerStream& stream = impl_->stream;
    const std::string text = event_text(name, data);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream.socket());
    stream.expires_after(impl_->patience);
    auto writing = asio::async_write(stream, asio::buffer(text), io_token());
    const auto [error, bytes] = co_await std::move(writing);
    guard.throw_if_cancelled();
    if (error) co_return io_error("a listener to events", error);
    co_return Result<void>{};
}

}  // namespace emeth::http
