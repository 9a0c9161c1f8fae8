#include "http/preconditions.hpp"

#include <optional>

#include "http/date.hpp"

namespace emeth::http {
namespace {

constexpr std::string_view weak_mark = "W/";

std::string_view opaque(std::string_view etag) {
    return etag.starts_with(weak_mark) ? etag.substr(weak_mark.size()) : etag;
}

enum class Comparison : std::uint8_t { strong, weak };

bool same(std::string_view a, std::string_view b, Comparison comparison) {
    if (comparison == Comparison::strong && (!is_strong_etag(a) || !is_strong_etag(b))) return false;
    return opaque(a) == opaque(b);
}

/// Whether `etag` is in a list of them, or the list is "*". An ETag may contain commas, so the list is read by quotes.
bool is_in(std::string_view list, std::string_view etag, Comparison comparison) {
    if (list == "*") return true;
    while (!list.empty()) {
        const std::size_t begin = list.find_first_not_of(" \t,");
        if (begin == std::string_view::npos) return false;
        list.remove_prefix(begin);
        const std::size_t open = list.find('"');
        const std::size_t close = open == std::string_view::npos ? open : list.find('"', open + 1);
        if (close == std::string_view::npos) return false;
        if (same(list.substr(0, close + 1), etag, comparison)) return true;
        list.remove_prefix(close + 1);
    }
    return false;
}

const std::string* find(const Headers& headers, const char* name) {
    const auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
}

/// Whether the thing was modified after `date`; none if either time is unknown.
std::optional<bool> is_modified_after(const Validators& validators, std::string_view date) {
    const auto then = parse_date(date), modified = parse_date(validators.last_modified);
    if (!then || !modified) return std::nullopt;
    return *modified > *then;
}

}  // namespace

bool is_strong_etag(std::string_view etag) {
    return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
}

std::string weak_etag(std::string_view etag) {
    return std::string(weak_mark) + std::string(opaque(etag));
}

Precondition evaluate(const Headers& request, const Validators& validators) {
    const bool has_etag = !validators.etag.empty();
    if (const std::string* wanted = find(request, "if-match"); wanted != nullptr) {
        const bool is_there = *wanted == "*" || (has_etag && is_in(*wanted, validators.etag, Comparison::strong));
        if (!is_there) return Precondition::failed;
    } else if (const std::string* since = find(request, "if-unmodified-since"); since != nullptr) {
        if (is_modified_after(validators, *since) == true) return Precondition::failed;
    }
    if (const std::string* known = find(request, "if-none-match"); known != nullptr) {
        const bool is_known = has_etag && is_in(*known, validators.etag, Comparison::weak);
        return is_known ? Precondition::not_modified : Precondition::holds;
    }
    const std::string* since = find(request, "if-modified-since");
    if (since != nullptr && is_modified_after(validators, *since) == false) return Precondition::not_modified;
    return Precondition::holds;
}

bool range_applies(const Headers& request, const Validators& validators) {
    const std::string* condition = find(request, "if-range");
    if (condition == nullptr) return true;
    if (condition->find('"') != std::string::npos) return same(*condition, validators.etag, Comparison::strong);
    return !validators.last_modified.empty() && *condition == validators.last_modified;
}

}  // namespace emeth::http
