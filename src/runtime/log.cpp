#include "runtime/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <array>
#include <boost/json/string.hpp>
#include <memory>
#include <utility>

#include "runtime/json_fields.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"

namespace emeth {
namespace {

/// The subject and the message, on one line: text from outside can neither forge a line nor control the terminal.
class OneLineMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string line = log_prefix() + one_line({message.payload.data(), message.payload.size()});
        out.append(line.data(), line.data() + line.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<OneLineMessage>(); }
};

/// ,"job":"0x…","worker":"0x…", as far as the line is about one.
class JsonSubject final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
        const LogSubject& subject = log_subject();
        std::string fields;
        if (subject.job) fields += R"(,"job":")" + subject.job->hex() + '"';
        if (subject.worker) fields += R"(,"worker":")" + subject.worker->hex() + '"';
        out.append(fields.data(), fields.data() + fields.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonSubject>(); }
};

/// The message as a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string text = json_text(boost::json::string(message.payload.data(), message.payload.size()));
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

std::unique_ptr<spdlog::formatter> formatter_of(std::string_view format) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    if (format == log_json)
        formatter->add_flag<JsonMessage>('*').add_flag<JsonSubject>('~').set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","program":"%n","pid":%P%~,"message":%*})");
    else
        formatter->add_flag<OneLineMessage>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %n[%P]: %*");
    return formatter;
}

constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 5> levels{{
    {"trace", spdlog::level::trace},
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warn", spdlog::level::warn},
    {"error", spdlog::level::err},
}};

}  // namespace

void init_logging(std::string_view program, std::string_view level, std::string_view format) {
    auto logger =
        std::make_shared<spdlog::logger>(std::string(program), std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_formatter(formatter_of(format));
    spdlog::set_default_logger(logger);
    set_log_level(level);
}

void set_log_level(std::string_view level) {
    const auto known =
        std::find_if(levels.begin(), levels.end(), [&](const auto& entry) { return entry.first == level; });
    spdlog::set_level(known == levels.end() ? spdlog::level::info : known->second);
    if (known == levels.end())
        spdlog::warn("log level '{}' is not known; expected trace, debug, info, warn or error: using info", level);
}

}  // namespace emeth
