// CRC-32C (Castagnoli), as in iSCSI and in RocksDB's own blocks: by the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace emeth::storage {

class Crc32c {
public:
    void update(std::string_view bytes);
    [[nodiscard]] std::uint32_t value() const { return ~remainder_; }

private:
    std::uint32_t remainder_ = 0xFFFFFFFF;
};

}  // namespace emeth::storage
