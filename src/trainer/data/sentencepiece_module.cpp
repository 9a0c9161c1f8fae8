// The module of sentencepiece_library.hpp: the only code that includes SentencePiece.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "trainer/data/sentencepiece_library.hpp"

namespace emeth::trainer {
namespace {

class SentencesOf final : public sentencepiece::SentenceIterator {
public:
    explicit SentencesOf(const std::vector<std::string>& sentences) : sentences_(sentences) {}
    bool done() const override { return index_ == sentences_.size(); }
    void Next() override { ++index_; }
    const std::string& value() const override { return sentences_[index_]; }
    sentencepiece::util::Status status() const override { return {}; }

private:
    const std::vector<std::string>& sentences_;
    std::size_t index_ = 0;
};

std::string text_of(const sentencepiece::util::Status& status) {
    return status.ok() ? std::string() : status.ToString();
}

class Encoder final : public PieceEncoder {
public:
    std::string load(std::string_view model) {
        return text_of(processor_.LoadFromSerializedProto(absl::string_view(model.data(), model.size())));
    }
    int piece_count() const override { return processor_.GetPieceSize(); }
    int byte_piece(std::string_view piece) const override {
        const int id = processor_.PieceToId(absl::string_view(piece.data(), piece.size()));
        return processor_.IsByte(id) ? id : -1;
    }
    bool is_text(int id) const override {
        return id >= 0 && id < piece_count() && !processor_.IsControl(id) && !processor_.IsUnknown(id) &&
               !processor_.IsUnused(id);
    }
    std::string encode(std::string_view text, std::vector<int>& ids) const override {
        return text_of(processor_.Encode(absl::string_view(text.data(), text.size()), &ids));
    }
    std::string decode(const std::vector<int>& ids, std::string& text) const override {
        return text_of(processor_.Decode(ids, &text));
    }

private:
    sentencepiece::SentencePieceProcessor processor_;
};

class Library final : public SentencePieceLibrary {
public:
    std::string train(const std::unordered_map<std::string, std::string>& options,
                      const std::vector<std::string>& sentences, std::string& model) override {
        SentencesOf iterator(sentences);
        return text_of(sentencepiece::SentencePieceTrainer::Train(options, &iterator, &model));
    }
    std::string load(std::string_view model, std::unique_ptr<PieceEncoder>& encoder) override {
        auto loaded = std::make_unique<Encoder>();
        std::string error = loaded->load(model);
        if (error.empty()) encoder = std::move(loaded);
        return error;
    }
};

}  // namespace
}  // namespace emeth::trainer

extern "C" [[gnu::visibility("default")]] emeth::trainer::SentencePieceLibrary* emeth_sentencepiece_library() {
    static emeth::trainer::Library library;
    return &library;
}
