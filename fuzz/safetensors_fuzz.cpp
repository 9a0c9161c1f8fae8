// Headers of safetensors files: any bytes are refused, or place every byte of the data in one tensor; the same tensors,
// written again, are found again.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/property.hpp"
#include "trainer/formats/safetensors_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emeth::trainer;
    using emeth::fuzz::require;
    static const std::vector<TensorShape> tensors{{"wte", {3, 2}}, {"ln.weight", {2}}, {"ln.bias", {2}}};
    const auto places = read_safetensors_header(emeth::fuzz::text_of(data, size), tensors);
    if (places.has_error()) return 0;
    std::string file = write_safetensors_header(tensors);
    for (const std::string_view place : *places) file += place;
    require(file.size() <= safetensors_bytes_max(tensors), "a file of these tensors is not larger than it may be");
    const auto again = read_safetensors_header(file, tensors);
    require(again.has_value() && *again == *places, "tensors are the same after they were written again");
    return 0;
}
