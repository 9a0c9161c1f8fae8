#include "http/outgoing_answer.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "http/content_coding.hpp"
#include "http/date.hpp"
#include "http/preconditions.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"

namespace emeth::http {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Message = http::response<http::empty_body>;

/// Less does not pay: it fits into one packet or two anyway.
constexpr std::size_t gzip_bytes_min = 1 << 10;
/// More would hold up the io thread: 100 MB/s are packed.
constexpr std::size_t gzip_bytes_max = 8 << 20;

bool is_text(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    return type.starts_with("text/") || type == "application/json" || type == "application/javascript" ||
           type == "image/svg+xml";
}

bool is_compressible(const ServerResponse& response) {
    return response.compressible && is_text(response.content_type) && response.body.size() >= gzip_bytes_min &&
           response.body.size() <= gzip_bytes_max;
}

std::string value_of(const Message& message, http::field field) {
    return std::string(message[field]);
}

/// One request, one response, one message in the making.
class Composer {
public:
    Composer(const ServerRequest& request, ServerResponse& response)
        : request_(request), response_(response), reads_(request.method == "GET" || request.method == "HEAD") {}

    OutgoingAnswer compose(bool keep_alive);

private:
    void open_file();
    void describe();
    void apply_preconditions();
    void apply_range();
    void drop_content();
    [[nodiscard]] Validators validators() const {
        return {value_of(message_, http::field::etag), value_of(message_, http::field::last_modified)};
    }
    [[nodiscard]] bool is_success() const { return response_.status == 200; }

    const ServerRequest& request_;
    ServerResponse& response_;
    const bool reads_;
    Message message_;
    OutgoingAnswer answer_;
    bool packs_ = false;
};

void Composer::open_file() {
    Result<InputFile> opened = InputFile::open(*response_.file);
    if (opened) {
        answer_.range = {0, opened->bytes()};
        answer_.file.emplace(std::move(*opened));
        return;
    }
    spdlog::error("{} {} failed: {}", request_.method, request_.path, opened.error().message);
    response_ = to_response(Refusal(500, "the server cannot read the file; its log says why"));
}

/// Header fields that do not depend on the request's conditions. The ETag of a file whose handler sets none changes
/// with every replacement of the file.
void Composer::describe() {
    message_.set(http::field::date, format_date(system_clock().unix_ms() / 1'000));
    message_.set(http::field::content_type, response_.content_type);
    for (const auto& [name, value] : response_.headers) message_.set(name, value);
    if (answer_.file) {
        message_.set(http::field::accept_ranges, "bytes");
        if (validators().etag.empty()) message_.set(http::field::etag, answer_.file->etag());
        if (validators().last_modified.empty())
            message_.set(http::field::last_modified, format_date(answer_.file->modified_at_unix_s()));
    } else if (is_compressible(response_)) {
        message_.set(http::field::vary, "Accept-Encoding");
        packs_ = accepts_gzip(request_.header("accept-encoding"));
        // The same ETag with other bytes: it may no longer claim that all bytes are the same.
        const std::string etag = validators().etag;
        if (packs_ && is_strong_etag(etag)) message_.set(http::field::etag, weak_etag(etag));
    }
}

void Composer::drop_content() {
    answer_.file.reset();
    answer_.range = {};
    response_.body.clear();
    packs_ = false;
    message_.erase(http::field::content_type);
}

void Composer::apply_preconditions() {
    const Precondition precondition = evaluate(request_.headers, validators());
    if (precondition == Precondition::holds) return;
    response_.status = precondition == Precondition::failed ? 412 : 304;
    drop_content();
}

void Composer::apply_range() {
    if (!range_applies(request_.headers, validators())) return;
    const std::uint64_t bytes = answer_.file->bytes();
    const RangeRequest asked = parse_range(request_.header("range"), bytes);
    if (asked.answer == RangeAnswer::part) {
        response_.status = 206;
        answer_.range = asked.range;
        message_.set(http::field::content_range, content_range(asked.range, bytes));
    } else if (asked.answer == RangeAnswer::unsatisfiable) {
        response_.status = 416;
        drop_content();
        message_.set(http::field::content_range, unsatisfied_content_range(bytes));
    }
}

OutgoingAnswer Composer::compose(bool keep_alive) {
    if (response_.file) open_file();
    describe();
    if (reads_ && is_success()) apply_preconditions();
    if (request_.method == "GET" && is_success() && answer_.file) apply_range();
    answer_.body = packs_ ? gzip(response_.body) : std::move(response_.body);
    if (packs_) message_.set(http::field::content_encoding, "gzip");
    message_.result(response_.status);
    if (response_.status != 304)
        message_.content_length(answer_.file ? answer_.range.bytes : std::uint64_t{answer_.body.size()});
    message_.keep_alive(keep_alive);
    std::ostringstream head;
    head << message_.base();
    answer_.head = std::move(head).str();
    if (request_.method == "HEAD") answer_.body.clear();
    if (request_.method == "HEAD" || answer_.range.bytes == 0) answer_.file.reset();
    return std::move(answer_);
}

}  // namespace

OutgoingAnswer outgoing(const ServerRequest& request, ServerResponse response, bool keep_alive) {
    return Composer(request, response).compose(keep_alive);
}

}  // namespace emeth::http
