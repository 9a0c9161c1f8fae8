// Answers of an object store: any text is refused with an error, or gives values that an answer, written again, gives
// too.
#include <cstdint>
#include <pugixml.hpp>
#include <sstream>
#include <string>

#include "fuzz/property.hpp"
#include "http/date.hpp"
#include "network/storage_api/s3/s3_answers.hpp"

namespace {

using namespace emeth::network::s3;
using emeth::fuzz::require;

class Answer {
public:
    explicit Answer(const char* root) : root_(document_.append_child(root)) {}

    Answer& set(const char* name, const std::string& value) {
        root_.append_child(name).text() = value.c_str();
        return *this;
    }
    pugi::xml_node append(const char* name) { return root_.append_child(name); }
    [[nodiscard]] std::string text() const {
        std::ostringstream text;
        document_.save(text, "", pugi::format_raw);
        return text.str();
    }

private:
    pugi::xml_document document_;
    pugi::xml_node root_;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" as "1994-11-06T08:49:37.000Z".
std::string iso_time(std::int64_t unix_s) {
    const std::string date = emeth::http::format_date(unix_s);
    static const std::string months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t month = months.find(date.substr(8, 3)) / 3 + 1;
    return date.substr(12, 4) + (month < 10 ? "-0" : "-") + std::to_string(month) + "-" + date.substr(5, 2) + "T" +
           date.substr(17, 8) + ".000Z";
}

void check_objects(std::string_view text) {
    const auto page = read_object_page(text);
    if (page.has_error()) return;
    Answer answer("ListBucketResult");
    answer.set("IsTruncated", page->is_truncated ? "true" : "false");
    for (const S3Object& object : page->objects) {
        require(!object.key.empty() && object.key.size() <= key_bytes_max, "a key has its bounds");
        pugi::xml_node entry = answer.append("Contents");
        entry.append_child("Key").text() = object.key.c_str();
        entry.append_child("Size").text() = std::to_string(object.bytes).c_str();
        entry.append_child("LastModified").text() = iso_time(object.last_modified_unix_s).c_str();
        entry.append_child("ETag").text() = ("\"" + object.etag + "\"").c_str();
    }
    const auto again = read_object_page(answer.text());
    require(again.has_value() && *again == *page, "a page of objects is the same after it was written again");
}

void check_parts(std::string_view text) {
    const auto page = read_part_page(text);
    if (page.has_error()) return;
    Answer answer("ListPartsResult");
    answer.set("IsTruncated", page->is_truncated ? "true" : "false");
    for (const S3Part& part : page->parts) {
        pugi::xml_node entry = answer.append("Part");
        entry.append_child("PartNumber").text() = part.number;
        entry.append_child("Size").text() = std::to_string(part.bytes).c_str();
        entry.append_child("ETag").text() = part.etag.c_str();
    }
    const auto again = read_part_page(answer.text());
    require(again.has_value() && *again == *page, "a page of parts is the same after it was written again");
}

void check_uploads(std::string_view text) {
    if (const auto id = read_initiated_upload(text))
        require(
            read_initiated_upload(Answer("InitiateMultipartUploadResult").set("UploadId", *id).text()).value() == *id,
            "an upload's id is the same after it was written again");
    if (const auto etag = read_completed_upload(text)) {
        require(
            read_completed_upload(Answer("CompleteMultipartUploadResult").set("ETag", *etag).text()).value() == *etag,
            "an ETag is the same after it was written again");
        require(!read_failure(text), "what succeeded is no failure");
        (void)completion_body({{1, *etag}});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = emeth::fuzz::text_of(data, size);
    check_objects(text);
    check_parts(text);
    check_uploads(text);
    if (const auto failure = read_failure(text))
        require(failure->code.size() <= 64 && failure->message.size() <= 200, "a failure is short");
    return 0;
}
