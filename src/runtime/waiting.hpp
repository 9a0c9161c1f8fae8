// What a program waits for, so that nobody sits before a silent terminal: whoever asks for something that may not come
// at once holds a Waiting meanwhile, and the program's WaitingTeller names what has not come within 2 s.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth {

/// While it lives, the program waits for `what`, which follows "waiting for": "the endpoint http://127.0.0.1:8545
/// (eth_call)". It may be shown, so it has no secret. Any thread; costs next to nothing where there is no teller.
class Waiting {
public:
    explicit Waiting(std::string what);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    std::uint64_t number_;
};

/// Which of them are to be told of, and when. Times are monotonic. Not thread-safe.
class WaitingList {
public:
    /// Nobody waits for longer than that without being told for what.
    static constexpr Milliseconds silence_max{2'000};

    /// Returns what end() is given.
    std::uint64_t begin(std::string what, Milliseconds now);
    void end(std::uint64_t number) { entries_.erase(number); }
    /// In the order in which they began, those that have lasted for `least` and were not told of; now they are.
    std::vector<std::string> tell(Milliseconds now, Milliseconds least);
    /// When the next one will have lasted for `least`; never later than `least` from now.
    [[nodiscard]] Milliseconds next(Milliseconds now, Milliseconds least) const;

private:
    struct Entry {
        std::string what;
        Milliseconds began;
        bool told = false;
    };
    std::map<std::uint64_t, Entry> entries_;
    std::uint64_t last_number_ = 0;
};

/// Tells whatever is waited for 2 s after its construction, and from then on whatever lasts for 2 s, each once. One at
/// a time.
class WaitingTeller {
public:
    /// `tell` is called by another thread, with "waiting for …, …": one line, without its end.
    explicit WaitingTeller(std::function<void(const std::string& line)> tell,
                           Milliseconds silence_max = WaitingList::silence_max);
    ~WaitingTeller();
    WaitingTeller(const WaitingTeller&) = delete;
    WaitingTeller& operator=(const WaitingTeller&) = delete;

private:
    void run(const std::stop_token& stop);

    std::function<void(const std::string& line)> tell_;
    Milliseconds silence_max_;
    std::jthread thread_;
};

/// For what runs on: from now on its log, or its screen, tells what it does.
void end_telling_of_waiting();

}  // namespace emeth
