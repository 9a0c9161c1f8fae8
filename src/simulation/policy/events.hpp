// What happens in a simulated market, and when. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace emeth::simulation {

enum class Happening : std::uint8_t { arrival, closing, taken_by_others, verified_elsewhere, look, block, finish };

struct Event {
    std::int64_t at_ms = 0;
    std::uint64_t sequence = 0;  ///< of events of the same time, the one that was planned first
    Happening what = Happening::arrival;
    bool is_late = false;  ///< of a finish
    std::size_t job = 0;
    std::uint32_t node = 0, worker = 0;
    double ratio = 1;  ///< of a finish: its time against its estimate

    friend bool operator>(const Event& a, const Event& b) {
        return std::pair(a.at_ms, a.sequence) > std::pair(b.at_ms, b.sequence);
    }
};

class EventQueue {
public:
    void plan(Event event) {
        event.sequence = ++planned_;
        events_.push(event);
    }
    [[nodiscard]] bool empty() const { return events_.empty(); }
    /// Of those that are planned, the first. Precondition: there is one.
    Event take() {
        const Event first = events_.top();
        events_.pop();
        return first;
    }

private:
    std::uint64_t planned_ = 0;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace emeth::simulation
