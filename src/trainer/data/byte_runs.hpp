// Where any bytes are text and where they are not: a piece of a dataset as runs of well-formed UTF-8 and runs of other
// bytes.
#pragma once

#include <string_view>

namespace emeth::trainer {

struct ByteRun {
    std::string_view bytes;
    bool is_text = false;  ///< well-formed UTF-8; otherwise no byte belongs to a well-formed character
};

/// Removes the first run, which is as long as possible, from `bytes`, which must not be empty.
ByteRun take_run(std::string_view& bytes);

}  // namespace emeth::trainer
