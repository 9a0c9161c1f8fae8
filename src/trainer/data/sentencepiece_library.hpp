// SentencePiece behind an interface, loaded at run time. Debian's libsentencepiece carries a protobuf of its own (3.14)
// and exports its symbols; libtorch brings the system's (3.21). In one symbol scope each calls into the other and
// crashes. SentencePiece is therefore linked into a small module beside the program, which is opened with RTLD_DEEPBIND
// so that it sees its own protobuf first.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/result.hpp"

namespace emeth::trainer {

/// A loaded model. Const members are thread-safe. Error texts are SentencePiece's own; an empty one means success.
class PieceEncoder {
public:
    virtual ~PieceEncoder() = default;
    [[nodiscard]] virtual int piece_count() const = 0;
    /// The id of a byte's piece ("<0x0A>"), or -1.
    [[nodiscard]] virtual int byte_piece(std::string_view piece) const = 0;
    /// Whether an id is a piece of text, and not a control piece, the unknown one, or none at all.
    [[nodiscard]] virtual bool is_text(int id) const = 0;
    virtual std::string encode(std::string_view text, std::vector<int>& ids) const = 0;
    virtual std::string decode(const std::vector<int>& ids, std::string& text) const = 0;
};

class SentencePieceLibrary {
public:
    virtual ~SentencePieceLibrary() = default;
    virtual std::string train(const std::unordered_map<std::string, std::string>& options,
                              const std::vector<std::string>& sentences, std::string& model) = 0;
    virtual std::string load(std::string_view model, std::unique_ptr<PieceEncoder>& encoder) = 0;
};

inline constexpr const char* sentencepiece_module_name = "emeth-sentencepiece.so";
/// What the module exports: `SentencePieceLibrary* emeth_sentencepiece_library()`.
inline constexpr const char* sentencepiece_module_entry = "emeth_sentencepiece_library";

/// The module beside the running program, loaded once and kept.
Result<SentencePieceLibrary*> sentencepiece_library();

}  // namespace emeth::trainer
