// Cuts the fuzzer's bytes into values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

namespace emeth::fuzz {

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    /// Zero bytes stand in for missing input.
    template <class Integer>
    Integer integer() {
        static_assert(std::is_integral_v<Integer>);
        Integer value{};
        fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
        return value;
    }

    void fill(std::span<std::uint8_t> out) {
        const auto taken = std::min(out.size(), rest_.size());
        std::copy_n(rest_.begin(), taken, out.begin());
        rest_ = rest_.subspan(taken);
    }

    /// A short text whose length is given by one byte.
    std::string text() {
        const std::size_t size = std::min<std::size_t>(integer<std::uint8_t>(), rest_.size());
        std::string value(reinterpret_cast<const char*>(rest_.data()), size);
        rest_ = rest_.subspan(size);
        return value;
    }

private:
    std::span<const std::uint8_t> rest_;
};

}  // namespace emeth::fuzz
