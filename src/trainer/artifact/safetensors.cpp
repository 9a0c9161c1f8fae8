#include "trainer/artifact/safetensors.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstring>
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

std::uint64_t header_bytes_max(const ParameterLayout& layout) {
    return header_bytes_besides_tensors + header_bytes_per_tensor * layout.parameters().size();
}

json::object describe(const Parameter& parameter) {
    const auto begin = static_cast<std::uint64_t>(parameter.offset) * sizeof(float);
    const auto end = begin + static_cast<std::uint64_t>(parameter.count) * sizeof(float);
    return {{"dtype", "F32"},
            {"shape", json::array(parameter.shape.begin(), parameter.shape.end())},
            {"data_offsets", json::array{begin, end}}};
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

/// Copies one tensor of the file's data to its place in `weights`. Returns where it begins in the data.
Result<std::uint64_t> take_tensor(JsonObject entry, std::string_view data, const Parameter& parameter,
                                  at::Tensor& weights) {
    if (entry.string("dtype", 16) != "F32") entry.reject("dtype", "\"F32\"");
    const std::vector<std::uint64_t> shape = numbers(entry, "shape", dimensions_max);
    if (!std::equal(shape.begin(), shape.end(), parameter.shape.begin(), parameter.shape.end(),
                    [](std::uint64_t a, std::int64_t b) { return a == static_cast<std::uint64_t>(b); }))
        entry.reject("shape", "the shape that the model has");
    const std::vector<std::uint64_t> offsets = numbers(entry, "data_offsets", 2);
    const std::uint64_t bytes = static_cast<std::uint64_t>(parameter.count) * sizeof(float);
    if (offsets.size() != 2 || offsets[0] > data.size() || offsets[1] > data.size() || offsets[0] + bytes != offsets[1])
        entry.reject("data_offsets", fmt::format("{} bytes of the file", bytes));
    if (Result<void> check = entry.check(); check.has_error()) return check.error();
    std::memcpy(weights.data_ptr<float>() + parameter.offset, data.data() + offsets[0], bytes);
    return offsets[0];
}

/// The header describes the layout's tensors and no others.
Result<void> require_count(const json::value& header, const ParameterLayout& layout) {
    const json::object* tensors = header.if_object();
    if (tensors == nullptr) return {};  // its reader says so
    const std::size_t count = tensors->size() - (tensors->contains(metadata_key) ? 1 : 0);
    if (count == layout.parameters().size()) return {};
    return permanent_error(
        fmt::format("model.safetensors holds {} tensors; the model has {}", count, layout.parameters().size()));
}

}  // namespace

std::string write_safetensors(const ParameterLayout& layout, const at::Tensor& weights) {
    json::object header{{metadata_key, {{"format", "pt"}}}};
    for (const Parameter& parameter : layout.parameters()) header[parameter.name] = describe(parameter);
    std::string text = json_text(header);
    text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');

    std::string file;
    file.reserve(length_bytes + text.size() + static_cast<std::size_t>(weights.numel()) * sizeof(float));
    for (std::size_t i = 0; i < length_bytes; ++i) file.push_back(static_cast<char>(text.size() >> (8 * i)));
    file += text;
    file.append(reinterpret_cast<const char*>(weights.data_ptr<float>()),
                static_cast<std::size_t>(weights.numel()) * sizeof(float));
    return file;
}

std::uint64_t safetensors_bytes_max(const ParameterLayout& layout) {
    return length_bytes + header_bytes_max(layout) + static_cast<std::uint64_t>(layout.count()) * sizeof(float);
}

Result<at::Tensor> read_safetensors(std::string_view file, const ParameterLayout& layout) {
    if (file.size() < length_bytes) return permanent_error("model.safetensors is shorter than its header");
    std::uint64_t header_bytes = 0;
    for (std::size_t i = length_bytes; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<std::uint8_t>(file[i]);
    if (header_bytes > std::min<std::uint64_t>(file.size() - length_bytes, header_bytes_max(layout)))
        return permanent_error(fmt::format("model.safetensors announces a header of {} bytes", header_bytes));
    const std::string_view text = file.substr(length_bytes, header_bytes);
    const char* what = "header of model.safetensors";
    const Result<json::value> json = parse_json(text, text.size(), what);
    if (json.has_error()) return json.error();
    if (Result<void> unique = require_unique_keys(text, what); unique.has_error()) return unique.error();
    if (Result<void> counted = require_count(*json, layout); counted.has_error()) return counted.error();
    const std::string_view data = file.substr(length_bytes + header_bytes);
    const auto expected_bytes = static_cast<std::uint64_t>(layout.count()) * sizeof(float);
    if (data.size() != expected_bytes)
        return permanent_error(
            fmt::format("model.safetensors holds {} bytes of weights; the model has {}", data.size(), expected_bytes));

    at::Tensor weights = at::empty({layout.count()}, at::kFloat);
    std::map<std::uint64_t, std::uint64_t> ends;  // by the beginning
    JsonObject header(*json, what);
    for (const Parameter& parameter : layout.parameters()) {
        JsonObject entry = header.object(parameter.name);
        if (Result<void> check = header.check(); check.has_error()) return check.error();
        const Result<std::uint64_t> begin = take_tensor(std::move(entry), data, parameter, weights);
        if (begin.has_error()) return begin.error();
        ends[*begin] = *begin + static_cast<std::uint64_t>(parameter.count) * sizeof(float);
    }
    std::uint64_t covered = 0;  // all of it, by each tensor a part of its own
    for (const auto& [begin, end] : ends) {
        if (begin != covered) break;
        covered = end;
    }
    if (covered != expected_bytes)
        return permanent_error("model.safetensors: tensors overlap, or leave a gap (field 'data_offsets')");
    return weights;
}

}  // namespace emeth::trainer
