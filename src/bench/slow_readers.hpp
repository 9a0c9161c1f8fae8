// Many clients that ask for a large answer and take a little of it at a time, as those on slow lines do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "runtime/file_descriptor.hpp"

namespace emeth::bench {

class SlowReaders {
public:
    /// Each sends GET `target` to 127.0.0.1:`port` and then takes `bytes_per_s` until this is destroyed. Throws if one
    /// cannot connect.
    SlowReaders(std::size_t count, std::uint16_t port, const std::string& target, std::size_t bytes_per_s);
    SlowReaders(const SlowReaders&) = delete;
    SlowReaders& operator=(const SlowReaders&) = delete;
    ~SlowReaders();

    /// How many have got something and are still connected.
    [[nodiscard]] std::size_t served() const { return served_; }

private:
    void read_on(std::size_t bytes_per_turn);

    std::vector<FileDescriptor> sockets_;
    std::atomic<std::size_t> served_{0};
    std::jthread reading_;
};

}  // namespace emeth::bench
