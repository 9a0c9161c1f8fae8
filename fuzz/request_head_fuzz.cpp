// Heads of HTTP requests: any bytes are refused, or are one head that Beast's parser reads as the same request, with at
// most one body, and that is the same after it was written again.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "http/request_head.hpp"

namespace {

namespace beast_http = boost::beast::http;
using namespace emeth::http;
using emeth::fuzz::require;
using Parser = beast_http::request_parser<beast_http::buffer_body>;

bool parse(Parser& parser, std::string_view head) {
    boost::system::error_code error;
    parser.header_limit(header_bytes_max + 1);
    parser.body_limit(boost::none);
    const std::size_t read = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error) return false;
    require(parser.is_header_done() && read == head.size(), "the parser reads the whole head and nothing else");
    return true;
}

std::string written(const Parser::value_type& request) {
    std::string head = std::string(request.method_string()) + " " + std::string(request.target()) +
                       (request.version() == 11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (const auto& field : request)
        head += std::string(field.name_string()) + ": " + std::string(field.value()) + "\r\n";
    return head + "\r\n";
}

void require_one_reading(std::string_view head) {
    Parser parser;
    if (!parse(parser, head)) return;  // which is answered 400, too
    const Parser::value_type& request = parser.get();
    require(head.starts_with(std::string(request.method_string()) + " " + std::string(request.target()) + " HTTP/1."),
            "the parser reads the request line as it stands");
    require(std::distance(request.begin(), request.end()) <= static_cast<std::ptrdiff_t>(header_fields_max),
            "the headers are bounded");
    require(request.count(beast_http::field::host) <= 1, "a request has one host at most");
    require(request.count(beast_http::field::content_length) + request.count(beast_http::field::transfer_encoding) <= 1,
            "a request has one body at most");
    require(request.count(beast_http::field::transfer_encoding) == 0 || parser.chunked(),
            "the parser understands the transfer encoding");

    const std::string again = written(request);
    require(check_request_head(again).has_value(), "a head that is written again is accepted");
    Parser second;
    require(parse(second, again) && written(second.get()) == again, "a head is the same after it was written again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view received = emeth::fuzz::text_of(data, size);
    const auto bytes = head_bytes(received);
    if (!bytes) return 0;
    require(*bytes <= received.size(), "a head is part of what was received");
    const std::string_view head = received.substr(0, *bytes);
    require(head_bytes(head) == *bytes, "what follows a head does not change where it ends");
    if (check_request_head(head).has_error()) return 0;
    require_one_reading(head);
    return 0;
}
