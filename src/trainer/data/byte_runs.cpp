#include "trainer/data/byte_runs.hpp"

#include <utility>

#include "runtime/utf8.hpp"

namespace emeth::trainer {

ByteRun take_run(std::string_view& bytes) {
    if (is_utf8(bytes)) return {std::exchange(bytes, {}), true};  // nearly always, and much faster
    const bool is_text = utf8_character(bytes) > 0;
    std::size_t end = 0;
    while (end < bytes.size()) {
        const std::size_t length = utf8_character(bytes.substr(end));
        if ((length > 0) != is_text) break;
        end += is_text ? length : 1;
    }
    const ByteRun run{bytes.substr(0, end), is_text};
    bytes.remove_prefix(end);
    return run;
}

}  // namespace emeth::trainer
