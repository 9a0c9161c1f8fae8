#include "runtime/waiting.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "runtime/utf8.hpp"

namespace emeth {

namespace {

struct Shared {
    std::mutex mutex;
    std::condition_variable_any changed;
    WaitingList list;
    bool is_told = false;  ///< there is a teller
};

/// Never destroyed: coroutines that are left at the end of the program still hold what they waited for.
Shared& shared() {
    static Shared& only = *new Shared;
    return only;
}

std::string line_of(const std::vector<std::string>& subjects) {
    std::string names;
    for (const std::string& subject : subjects) names += (names.empty() ? "" : ", ") + subject;
    return one_line("waiting for " + names);
}

}  // namespace

std::uint64_t WaitingList::begin(std::string what, Milliseconds now) {
    entries_.emplace(++last_number_, Entry{std::move(what), now});
    return last_number_;
}

std::vector<std::string> WaitingList::tell(Milliseconds now, Milliseconds least) {
    std::vector<std::string> subjects;
    for (auto& [number, entry] : entries_)
        if (now - entry.began >= least && !std::exchange(entry.told, true)) subjects.push_back(entry.what);
    return subjects;
}

Milliseconds WaitingList::next(Milliseconds now, Milliseconds least) const {
    Milliseconds earliest = now + least;
    for (const auto& [number, entry] : entries_)
        if (!entry.told) earliest = std::min(earliest, entry.began + least);
    return earliest;
}

Waiting::Waiting(std::string what) : number_(0) {
    Shared& all = shared();
    const std::lock_guard lock(all.mutex);
    if (all.is_told) number_ = all.list.begin(std::move(what), system_clock().monotonic());
}

Waiting::~Waiting() {
    if (number_ == 0) return;
    Shared& all = shared();
    const std::lock_guard lock(all.mutex);
    all.list.end(number_);
}

WaitingTeller::WaitingTeller(std::function<void(const std::string& line)> tell, Milliseconds silence_max)
    : tell_(std::move(tell)), silence_max_(silence_max) {
    Shared& all = shared();
    {
        const std::lock_guard lock(all.mutex);
        all.is_told = true;
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

WaitingTeller::~WaitingTeller() {
    end_telling_of_waiting();
    thread_.request_stop();
}

void WaitingTeller::run(const std::stop_token& stop) {
    Shared& all = shared();
    std::unique_lock lock(all.mutex);
    const auto has_ended = [&all] { return !all.is_told; };
    Milliseconds pause = silence_max_, least{0};
    while (!all.changed.wait_for(lock, stop, pause, has_ended) && !stop.stop_requested()) {
        const Milliseconds now = system_clock().monotonic();
        const std::vector<std::string> subjects = all.list.tell(now, std::exchange(least, silence_max_));
        pause = all.list.next(now, silence_max_) - now;
        if (subjects.empty()) continue;
        lock.unlock();
        tell_(line_of(subjects));
        lock.lock();
    }
}

void end_telling_of_waiting() {
    Shared& all = shared();
    const std::lock_guard lock(all.mutex);
    all.is_told = false;
    all.changed.notify_all();
}

}  // namespace emeth
