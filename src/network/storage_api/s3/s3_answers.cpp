#include "network/storage_api/s3/s3_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <pugixml.hpp>
#include <sstream>

#include "runtime/parse_number.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network::s3 {
namespace {

constexpr std::size_t shown_bytes_max = 200;
constexpr std::size_t code_bytes_max = 64;

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Error bad_answer(std::string_view what, std::string_view why) {
    return transient_error(fmt::format("the store's {} is unusable: {}", what, why));
}

/// The root element of an answer, which must be a `name`. `document` holds what it refers to.
Result<pugi::xml_node> parse(pugi::xml_document& document, std::string_view answer, const char* name) {
    if (answer.size() > answer_bytes_max)
        return bad_answer(name, fmt::format("it has {} bytes; expected at most {}", answer.size(), answer_bytes_max));
    // pugixml expands no entities of a DOCTYPE; it is asked to show one, so that it can be refused.
    constexpr unsigned options = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype;
    const pugi::xml_parse_result parsed =
        document.load_buffer(answer.data(), answer.size(), options, pugi::encoding_utf8);
    if (!parsed) return bad_answer(name, fmt::format("{} at byte {}", parsed.description(), parsed.offset));
    for (const pugi::xml_node& node : document)
        if (node.type() == pugi::node_doctype) return bad_answer(name, "it has a DOCTYPE");
    const pugi::xml_node root = document.document_element();
    if (std::string_view(root.name()) != name)
        return bad_answer(name, fmt::format("it is a <{}>", one_line(root.name(), code_bytes_max)));
    return root;
}

/// Reads the children of an element. The first one that is wrong becomes the Error.
class Fields {
public:
    Fields(pugi::xml_node element, std::string_view what, std::optional<Error>& error)
        : element_(element), what_(what), error_(error) {}

    std::string text(const char* name, std::size_t bytes_max) {
        const std::string_view value = element_.child_value(name);
        if (value.empty()) return reject(name, "is missing"), std::string();
        if (value.size() > bytes_max)
            return reject(name, fmt::format("has {} bytes; expected at most {}", value.size(), bytes_max)),
                   std::string();
        if (!is_utf8(value)) return reject(name, "is not UTF-8"), std::string();
        return std::string(value);
    }

    template <class Number>
    Number number(const char* name, Number minimum, Number maximum) {
        const std::string_view value = element_.child_value(name);
        const std::optional<Number> number = parse_number<Number>(value);
        if (number && *number >= minimum && *number <= maximum) return *number;
        reject(name, fmt::format("is '{}'; expected a number from {} to {}", one_line(value, shown_bytes_max), minimum,
                                 maximum));
        return minimum;
    }

    /// Absent means false.
    bool boolean(const char* name) {
        const std::string_view value = element_.child_value(name);
        if (value == "true") return true;
        if (!value.empty() && value != "false")
            reject(name, fmt::format("is '{}'; expected true or false", one_line(value, shown_bytes_max)));
        return false;
    }

    std::string etag(const char* name) {
        std::string etag = unquoted_etag(element_.child_value(name));
        if (!is_etag(etag)) reject(name, fmt::format("is '{}', no ETag", one_line(etag, shown_bytes_max)));
        return etag;
    }

    /// "2009-10-12T17:50:30.000Z", in Unix seconds.
    std::int64_t time(const char* name);

    void reject(const char* name, std::string_view why) {
        if (!error_) error_ = bad_answer(what_, fmt::format("{} {}", name, why));
    }

private:
    pugi::xml_node element_;
    std::string_view what_;
    std::optional<Error>& error_;
};

/// The digits of a part of `text`; -1 for anything else.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    const std::string_view part = text.substr(at, count);
    return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; }) ? parse_number<int>(part).value_or(-1)
                                                                                  : -1;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00";
    if (text.size() <= shape.size() || text.back() != 'Z') return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] != '0' && text[i] != shape[i]) return std::nullopt;
    const std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
    if (!fraction.empty() && (fraction.front() != '.' || fraction.find_first_not_of("0123456789", 1) != fraction.npos))
        return std::nullopt;
    const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (year < 1970 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

std::int64_t Fields::time(const char* name) {
    const std::string_view value = element_.child_value(name);
    const std::optional<std::int64_t> unix_s = parse_time(value);
    if (!unix_s) reject(name, fmt::format("is '{}', no time in ISO 8601", one_line(value, shown_bytes_max)));
    return unix_s.value_or(0);
}

S3Object read_object(Fields fields) {
    S3Object object;
    object.key = fields.text("Key", key_bytes_max);
    object.bytes = fields.number<std::uint64_t>("Size", 0, std::numeric_limits<std::int64_t>::max());
    object.last_modified_unix_s = fields.time("LastModified");
    object.etag = fields.etag("ETag");
    return object;
}

S3Part read_part(Fields fields) {
    S3Part part;
    part.number = fields.number<std::uint32_t>("PartNumber", 1, part_number_max);
    part.bytes = fields.number<std::uint64_t>("Size", 0, std::numeric_limits<std::int64_t>::max());
    part.etag = fields.etag("ETag");
    return part;
}

/// The entries of a page: at most page_entries_max, in ascending order of `by`.
template <class Entry, class Key>
Result<std::vector<Entry>> read_entries(pugi::xml_node root, const char* name, Entry (*read)(Fields), Key Entry::* by) {
    std::vector<Entry> entries;
    std::optional<Error> error;
    for (const pugi::xml_node& element : root.children(name)) {
        Fields fields(element, root.name(), error);
        if (entries.size() == page_entries_max)
            fields.reject(name, fmt::format("is there more than {} times", page_entries_max));
        entries.push_back(read(fields));
        if (entries.size() > 1 && !(entries[entries.size() - 2].*by < entries.back().*by))
            fields.reject(name, "is out of order");
        if (error) return *error;
    }
    return entries;
}

template <class Page, class Entry, class Key>
Result<Page> read_page(std::string_view answer, const char* root_name, const char* entry_name, Entry (*read)(Fields),
                       Key Entry::* by, std::vector<Entry> Page::* into) {
    pugi::xml_document document;
    const Result<pugi::xml_node> root = parse(document, answer, root_name);
    if (root.has_error()) return root.error();
    Result<std::vector<Entry>> entries = read_entries(*root, entry_name, read, by);
    if (entries.has_error()) return entries.error();
    std::optional<Error> error;
    Page page;
    page.is_truncated = Fields(*root, root_name, error).boolean("IsTruncated");
    if (page.is_truncated && entries->empty())
        error = bad_answer(root_name, "it says that there is more, but has no entry to go on from");
    if (error) return *error;
    page.*into = std::move(*entries);
    return page;
}

}  // namespace

std::optional<S3Failure> read_failure(std::string_view answer) {
    pugi::xml_document document;
    const Result<pugi::xml_node> root = parse(document, answer, "Error");
    if (root.has_error()) return std::nullopt;
    S3Failure failure{one_line(root->child_value("Code"), code_bytes_max),
                      one_line(root->child_value("Message"), shown_bytes_max)};
    if (failure.code.empty()) return std::nullopt;
    return failure;
}

Result<ObjectPage> read_object_page(std::string_view answer) {
    return read_page(answer, "ListBucketResult", "Contents", read_object, &S3Object::key, &ObjectPage::objects);
}

Result<PartPage> read_part_page(std::string_view answer) {
    return read_page(answer, "ListPartsResult", "Part", read_part, &S3Part::number, &PartPage::parts);
}

Result<std::string> read_initiated_upload(std::string_view answer) {
    constexpr const char* name = "InitiateMultipartUploadResult";
    pugi::xml_document document;
    const Result<pugi::xml_node> root = parse(document, answer, name);
    if (root.has_error()) return root.error();
    std::string id = root->child_value("UploadId");
    if (!is_upload_id(id))
        return bad_answer(name, fmt::format("UploadId is '{}'; expected 1 to {} printable characters",
                                            one_line(id, shown_bytes_max), upload_id_bytes_max));
    return id;
}

Result<std::string> read_completed_upload(std::string_view answer) {
    constexpr const char* name = "CompleteMultipartUploadResult";
    pugi::xml_document document;
    const Result<pugi::xml_node> root = parse(document, answer, name);
    if (root.has_error()) return root.error();
    std::optional<Error> error;
    std::string etag = Fields(*root, name, error).etag("ETag");
    if (error) return *error;
    return etag;
}

std::string completion_body(const std::vector<CompletedPart>& parts) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
    for (const CompletedPart& part : parts) {
        pugi::xml_node element = root.append_child("Part");
        element.append_child("PartNumber").text() = part.number;
        element.append_child("ETag").text() = fmt::format("\"{}\"", unquoted_etag(part.etag)).c_str();
    }
    std::ostringstream text;
    document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
    return text.str();
}

std::string unquoted_etag(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

bool is_etag(std::string_view unquoted) {
    return !unquoted.empty() && unquoted.size() <= upload_etag_bytes_max && is_printable_ascii(unquoted) &&
           unquoted.find('"') == std::string_view::npos;
}

bool is_upload_id(std::string_view text) {
    return !text.empty() && text.size() <= upload_id_bytes_max && is_printable_ascii(text);
}

}  // namespace emeth::network::s3
