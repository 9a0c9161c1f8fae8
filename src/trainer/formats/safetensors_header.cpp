#include "trainer/formats/safetensors_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

#include "runtime/json_fields.hpp"
#include "runtime/json_keys.hpp"

namespace emeth::trainer {
namespace {

namespace json = boost::json;

constexpr std::size_t length_bytes = 8;
constexpr std::size_t dimensions_max = 4;
constexpr std::size_t header_bytes_besides_tensors = 4'096;
constexpr std::size_t header_bytes_per_tensor = 256;
constexpr const char* metadata_key = "__metadata__";
constexpr std::string_view what = "header of model.safetensors";

std::uint64_t header_bytes_max(const std::vector<TensorShape>& tensors) {
    return header_bytes_besides_tensors + header_bytes_per_tensor * tensors.size();
}

std::uint64_t data_bytes(const std::vector<TensorShape>& tensors) {
    std::uint64_t bytes = 0;
    for (const TensorShape& tensor : tensors) bytes += tensor.bytes();
    return bytes;
}

std::vector<std::uint64_t> numbers(JsonObject& object, std::string_view key, std::size_t count_max) {
    std::vector<std::uint64_t> values;
    for (const json::value& element : object.array(key, count_max)) {
        const bool whole = element.is_uint64() || (element.is_int64() && element.get_int64() >= 0);
        if (!whole) object.reject(key, "an array of whole numbers");
        values.push_back(whole ? element.to_number<std::uint64_t>() : 0);
    }
    return values;
}

/// Where the tensor's bytes begin in the data.
Result<std::uint64_t> read_place(JsonObject entry, const TensorShape& tensor, std::uint64_t data_size) {
    if (entry.string("dtype", 16) != "F32") entry.reject("dtype", "\"F32\"");
    const std::vector<std::uint64_t> shape = numbers(entry, "shape", dimensions_max);
    if (!std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end(),
                    [](std::uint64_t a, std::int64_t b) { return a == static_cast<std::uint64_t>(b); }))
        entry.reject("shape", "the shape that the model has");
    const std::vector<std::uint64_t> offsets = numbers(entry, "data_offsets", 2);
    if (offsets.size() != 2 || offsets[0] > data_size || offsets[1] > data_size ||
        offsets[0] + tensor.bytes() != offsets[1])
        entry.reject("data_offsets", fmt::format("{} bytes of the file", tensor.bytes()));
    if (Result<void> check = entry.check(); check.has_error()) return check.error();
    return offsets[0];
}

/// The header describes these tensors and no others.
Result<void> require_count(const json::value& header, std::size_t expected) {
    const json::object* tensors = header.if_object();
    if (tensors == nullptr) return {};  // its reader says so
    const std::size_t count = tensors->size() - (tensors->contains(metadata_key) ? 1 : 0);
    if (count == expected) return {};
    return permanent_error(fmt::format("model.safetensors holds {} tensors; the model has {}", count, expected));
}

/// All of the data, by each tensor a part of its own. `ends`: by the beginning.
Result<void> require_cover(const std::map<std::uint64_t, std::uint64_t>& ends, std::uint64_t data_size) {
    std::uint64_t covered = 0;
    for (const auto& [begin, end] : ends) {
        if (begin != covered) break;
        covered = end;
    }
    if (covered == data_size) return {};
    return permanent_error("model.safetensors: tensors overlap, or leave a gap (field 'data_offsets')");
}

/// The header's JSON; the tensors' bytes follow it.
Result<std::string_view> header_of(std::string_view file, std::uint64_t bytes_max) {
    if (file.size() < length_bytes) return permanent_error("model.safetensors is shorter than its header");
    std::uint64_t bytes = 0;
    for (std::size_t i = length_bytes; i-- > 0;) bytes = bytes << 8 | static_cast<std::uint8_t>(file[i]);
    if (bytes > std::min<std::uint64_t>(file.size() - length_bytes, bytes_max))
        return permanent_error(fmt::format("model.safetensors announces a header of {} bytes", bytes));
    return file.substr(length_bytes, bytes);
}

}  // namespace

std::uint64_t TensorShape::bytes() const {
    std::uint64_t bytes = sizeof(float);
    for (const std::int64_t dimension : shape) bytes *= static_cast<std::uint64_t>(dimension);
    return bytes;
}

std::string write_safetensors_header(const std::vector<TensorShape>& tensors) {
    json::object header{{metadata_key, {{"format", "pt"}}}};
    std::uint64_t begin = 0;
    for (const TensorShape& tensor : tensors) {
        const std::uint64_t end = begin + tensor.bytes();
        header[tensor.name] = {{"dtype", "F32"},
                               {"shape", json::array(tensor.shape.begin(), tensor.shape.end())},
                               {"data_offsets", json::array{begin, end}}};
        begin = end;
    }
    std::string text = json_text(header);
    text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');
    std::string length;
    for (std::size_t i = 0; i < length_bytes; ++i) length.push_back(static_cast<char>(text.size() >> (8 * i)));
    return length + text;
}

std::uint64_t safetensors_bytes_max(const std::vector<TensorShape>& tensors) {
    return length_bytes + header_bytes_max(tensors) + data_bytes(tensors);
}

Result<std::vector<std::string_view>> read_safetensors_header(std::string_view file,
                                                              const std::vector<TensorShape>& tensors) {
    const Result<std::string_view> text = header_of(file, header_bytes_max(tensors));
    if (text.has_error()) return text.error();
    const Result<json::value> parsed = parse_json(*text, text->size(), what);
    if (parsed.has_error()) return parsed.error();
    if (Result<void> unique = require_unique_keys(*text, what); unique.has_error()) return unique.error();
    if (Result<void> counted = require_count(*parsed, tensors.size()); counted.has_error()) return counted.error();
    const std::string_view data = file.substr(length_bytes + text->size());
    if (data.size() != data_bytes(tensors))
        return permanent_error(fmt::format("model.safetensors holds {} bytes of weights; the model has {}", data.size(),
                                           data_bytes(tensors)));

    std::vector<std::string_view> places;
    std::map<std::uint64_t, std::uint64_t> ends;
    JsonObject header(*parsed, what);
    for (const TensorShape& tensor : tensors) {
        JsonObject entry = header.object(tensor.name);
        if (Result<void> check = header.check(); check.has_error()) return check.error();
        const Result<std::uint64_t> begin = read_place(std::move(entry), tensor, data.size());
        if (begin.has_error()) return begin.error();
        places.push_back(data.substr(*begin, tensor.bytes()));
        ends[*begin] = *begin + tensor.bytes();
    }
    if (Result<void> covered = require_cover(ends, data.size()); covered.has_error()) return covered.error();
    return places;
}

}  // namespace emeth::trainer
