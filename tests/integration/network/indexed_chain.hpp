// A chain that is the same in every process: fifty JOBs, of which every second one was taken by a node.
#pragma once

#include "support/fake_chain.hpp"

namespace emeth::test {

inline void put_jobs(FakeChain& chain) {
    for (std::uint64_t number = 1; number <= 50; ++number) {
        JobId id;
        id.bytes[0] = static_cast<std::uint8_t>(number);
        chain.request(id, repeated<Address>(0xaa), "text", "{}", wei(number), 1'800'000'000);
        if (number % 2 == 0) chain.process(id, repeated<Address>(0xbb));
    }
}

}  // namespace emeth::test
