#include "storage/checksum.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace emeth::storage {
namespace {

constexpr std::uint32_t reversed_polynomial = 0x82F63B78;

constexpr std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> remainders{};
    for (std::uint32_t byte = 0; byte < remainders.size(); ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = (remainder & 1) != 0 ? remainder >> 1 ^ reversed_polynomial : remainder >> 1;
        remainders[byte] = remainder;
    }
    return remainders;
}();

std::uint32_t by_table(std::uint32_t remainder, std::string_view bytes) {
    for (const char byte : bytes)
        remainder = remainder >> 8 ^ table[(remainder ^ static_cast<std::uint8_t>(byte)) & 0xff];
    return remainder;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t remainder, std::string_view bytes) {
    std::uint64_t wide = remainder;
    for (std::uint64_t word = 0; bytes.size() >= sizeof word; bytes.remove_prefix(sizeof word)) {
        std::memcpy(&word, bytes.data(), sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    remainder = static_cast<std::uint32_t>(wide);
    for (const char byte : bytes) remainder = _mm_crc32_u8(remainder, static_cast<std::uint8_t>(byte));
    return remainder;
}
#endif

}  // namespace

void Crc32c::update(std::string_view bytes) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) {
        remainder_ = by_instruction(remainder_, bytes);
        return;
    }
#endif
    remainder_ = by_table(remainder_, bytes);
}

}  // namespace emeth::storage
