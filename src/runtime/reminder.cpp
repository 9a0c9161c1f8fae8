#include "runtime/reminder.hpp"

#include <utility>

namespace emeth {

bool Reminder::is_due(std::string_view trouble) {
    const Milliseconds now = clock_.monotonic();
    if (!since_ || trouble != trouble_) {
        trouble_ = trouble;
        if (!since_) since_ = now;
        said_at_.reset();
    }
    if (now - *since_ < patience_) return false;
    if (said_at_ && now - *said_at_ < again_after) return false;
    said_at_ = now;
    was_said_ = true;
    return true;
}

bool Reminder::ended() {
    since_.reset();
    said_at_.reset();
    return std::exchange(was_said_, false);
}

}  // namespace emeth
