#include "http/authorization.hpp"

#include <algorithm>
#include <boost/system/result.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "http/base64.hpp"

namespace emeth::http {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<std::string> basic(std::string_view user, std::string_view password) {
    const auto is_control = [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; };
    if (user.find(':') != std::string_view::npos) return permanent_error("a user name cannot contain a colon");
    if (std::ranges::any_of(user, is_control) || std::ranges::any_of(password, is_control))
        return permanent_error("user name and password cannot contain control characters");
    return "Basic " + base64(std::string(user).append(":").append(password));
}

Result<std::string> bearer(std::string_view token) {
    const auto is_allowed = [](char c) {
        return is_letter_or_digit(c) || std::string_view("-._~+/=").find(c) != std::string_view::npos;
    };
    if (token.empty() || !std::ranges::all_of(token, is_allowed))
        return permanent_error("a token consists of letters, digits and -._~+/= only");
    return "Bearer " + std::string(token);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower,
                              [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

Result<std::string> read_authorization(std::string_view text) {
    const std::size_t blank = text.find_first_of(" \t");
    const std::string_view scheme = text.substr(0, blank);
    std::string_view rest = blank == std::string_view::npos ? std::string_view() : text.substr(blank);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
    if (equals_ignoring_case(scheme, "bearer")) return bearer(rest);
    const std::size_t colon = rest.find(':');
    if (equals_ignoring_case(scheme, "basic") && colon != std::string_view::npos)
        return basic(rest.substr(0, colon), rest.substr(colon + 1));
    return permanent_error("expected one line: basic USER:PASSWORD or bearer TOKEN");
}

Result<UrlWithLogin> parse_url_with_login(std::string_view text) {
    std::string plain(text);
    UrlWithLogin login;
    const boost::system::result<boost::urls::url_view> parsed = boost::urls::parse_uri(text);
    // As in https://alice:1234?x@host, whose host is "alice".
    const std::size_t query = text.find_first_of("?#");
    if (parsed.has_value() && query != std::string_view::npos && text.find('@', query) != std::string_view::npos)
        return permanent_error(
            "the URL has an '@' behind a '?' or '#'; write the special characters of user name and password as %XX");
    if (parsed.has_value() && parsed->has_userinfo()) {
        Result<std::string> authorization = basic(parsed->user(), parsed->password());
        if (authorization.has_error()) return in_context("the URL", authorization.error());
        login.authorization = std::move(*authorization);
        plain.erase(plain.find("://") + 3, parsed->encoded_userinfo().size() + 1);
    }
    Result<Url> url = Url::parse(plain);
    if (url.has_error()) return url.error();
    login.url = std::move(*url);
    return login;
}

}  // namespace emeth::http
