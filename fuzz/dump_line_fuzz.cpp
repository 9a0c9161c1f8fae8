// Lines of a dump: any text is refused, or is a record that is written as a line again which gives the same record.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"
#include "storage/dump_loader.hpp"
#include "storage/json_text.hpp"
#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"

namespace {

using namespace emeth::storage;

template <auto decode>
bool decodes(std::string_view encoded) {
    return decode(encoded).has_value();
}

struct Kind {
    std::string_view type;
    const char* record;
    bool (*decodes)(std::string_view encoded);
};
constexpr std::array kinds{
    Kind{"job", "emeth.storage.records.Job", decodes<decode_job>},
    Kind{"history", "emeth.storage.records.HistoryEntry", decodes<decode_history>},
    Kind{"outbox", "emeth.storage.records.OutboxEntry", decodes<decode_outbox>},
    Kind{"replacement", "emeth.storage.records.Replacement", decodes<decode_replacement>},
    Kind{"cursor", "emeth.storage.records.Cursor", decodes<decode_cursor>},
    Kind{"refusal", "emeth.storage.records.Refusal", decodes<decode_refusal>},
};

const google::protobuf::Descriptor& description(const Kind& kind) {
    return *google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(kind.record);
}

/// The record that `line` describes, encoded. Throws ErrorException.
std::string encoded(const Kind& kind, std::string_view line) {
    const std::unique_ptr<google::protobuf::Message> record(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&description(kind))->New());
    read_fields(*record, emeth::parse_json(line, DumpLoader::line_bytes_max, "it").value(), {"type", "id", "key"});
    return record->SerializeAsString();
}

std::string line_of(const Kind& kind, std::string_view record) {
    JsonText json;
    json.raw("{\"type\":\"");
    json.raw(kind.type);
    json.raw('"');
    append_fields(json, description(kind), record);
    json.raw('}');
    return std::string(json.text());
}

const Kind* kind_of(std::string_view line) {
    const auto parsed = emeth::parse_json(line, DumpLoader::line_bytes_max, "it").value();
    emeth::JsonObject fields(parsed, "it");
    const std::string type = fields.string("type", 20);
    fields.check().value();
    const auto* const found = std::ranges::find(kinds, type, &Kind::type);
    return found == kinds.end() ? nullptr : found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const Kind* kind = nullptr;
    std::string record;
    try {
        kind = kind_of(line);
        if (kind == nullptr) return 0;
        record = encoded(*kind, line);
    } catch (const emeth::ErrorException&) {
        return 0;
    }
    // The refusal of what no store could hold comes from decoding.
    if (!kind->decodes(record)) return 0;
    emeth::fuzz::require(encoded(*kind, line_of(*kind, record)) == record,
                         "a record is the same after it was written as a line again");
    return 0;
}
