#include "runtime/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace emeth {
namespace {

class SystemRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        while (!out.empty()) {
            const ssize_t count = ::getrandom(out.data(), out.size(), 0);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
            out = out.subspan(static_cast<std::size_t>(count));
        }
    }
};

}  // namespace

double Random::unit() {
    std::array<std::uint8_t, 8> bytes;
    fill(bytes);
    std::uint64_t value = 0;
    for (std::uint8_t byte : bytes) value = value << 8 | byte;
    return static_cast<double>(value >> 11) * 0x1.0p-53;  // the 53 bits that a double holds exactly
}

Random& system_random() {
    static SystemRandom random;
    return random;
}

}  // namespace emeth
