#include "runtime/log_ring.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <deque>
#include <mutex>

#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"

namespace emeth {

class LogRing::Sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    std::vector<LogLine> after(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        std::vector<LogLine> found;
        for (const LogLine& line : lines_)
            if (line.number > number) found.push_back(line);
        return found;
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const auto level = spdlog::level::to_string_view(message.level);
        const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch());
        lines_.push_back(
            {++last_number_, since_1970.count(), std::string(level.data(), level.size()),
             one_line(log_prefix() + std::string(message.payload.data(), message.payload.size()), line_bytes_max)});
        if (lines_.size() > lines_max) lines_.pop_front();
    }
    void flush_() override {}

private:
    std::deque<LogLine> lines_;
    std::uint64_t last_number_ = 0;
};

boost::json::array to_json(const std::vector<LogLine>& lines) {
    boost::json::array list;
    for (const LogLine& line : lines)
        list.push_back(boost::json::object{
            {"number", line.number}, {"atMs", line.at_unix_ms}, {"level", line.level}, {"text", line.text}});
    return list;
}

LogRing::LogRing() : sink_(std::make_shared<Sink>()) {
    spdlog::default_logger()->sinks().push_back(sink_);
}

LogRing::~LogRing() {
    std::erase(spdlog::default_logger()->sinks(), sink_);
}

std::vector<LogLine> LogRing::after(std::uint64_t number) const {
    return sink_->after(number);
}

}  // namespace emeth
