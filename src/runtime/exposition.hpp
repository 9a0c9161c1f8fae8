// Figures for a monitoring system as text, in Prometheus's exposition format 0.0.4. Names follow its conventions: a
// prefix, the base unit (seconds, bytes), "_total" for counters.
//
//     Exposition out;
//     out.gauge("emeth_locked_emt", "EMT in deposits.").sample(30);
//     auto servers = out.gauge("emeth_server_up", "Whether it answered.");
//     for (const auto& server : servers) servers.sample(server.up ? 1 : 0, {{"server", server.name}});
//     response.body = out.text();
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/histogram.hpp"

namespace emeth {

class Exposition {
public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    /// Names and values; the values may be any text, of which there must not be ever more.
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    /// The samples of one name. A family is announced even if it has none, so that what a program can tell is seen in
    /// any answer of it. It must be complete before the next one begins.
    class Family {
    public:
        /// None: not known, and therefore absent, not 0.
        Family& sample(std::optional<double> value, const Labels& labels = {});
        template <class Number>
            requires std::is_arithmetic_v<Number>
        Family& sample(Number value, const Labels& labels = {}) {
            return sample(std::optional(static_cast<double>(value)), labels);
        }
        /// Of a family that was begun by histogram().
        Family& sample(const Histogram& values, const Labels& labels = {});

    private:
        friend class Exposition;
        Family(std::string& text, std::string_view name) : text_(text), name_(name) {}
        void line(std::string_view suffix, const Labels& labels, double value);

        std::string& text_;
        std::string name_;
    };

    /// `help`: one sentence.
    Family gauge(std::string_view name, std::string_view help) { return begin(name, "gauge", help); }
    Family counter(std::string_view name, std::string_view help) { return begin(name, "counter", help); }
    Family histogram(std::string_view name, std::string_view help) { return begin(name, "histogram", help); }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    Family begin(std::string_view name, std::string_view type, std::string_view help);

    std::string text_;
};

}  // namespace emeth
