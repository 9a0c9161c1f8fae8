// Datasets that are no tidy UTF-8 text: what requesters upload by mistake or on purpose.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace emeth::test {

struct OddDataset {
    std::string name;
    std::string bytes;  ///< at least 4,096
};
inline std::ostream& operator<<(std::ostream& out, const OddDataset& odd) {
    return out << odd.name;
}

/// The same each time.
std::vector<OddDataset> odd_datasets();

/// About `bytes` of text with `distinct` different characters, the common ones often and the rare ones once or twice,
/// as in Japanese.
std::string many_characters(std::size_t bytes, std::size_t distinct);

/// About `bytes` of words of emoji, which a tokenizer cuts into pieces of 16 characters, 64 bytes.
std::string emoji_words(std::size_t bytes);

/// Any bytes, all equally likely.
std::string binary(std::size_t bytes);

}  // namespace emeth::test
