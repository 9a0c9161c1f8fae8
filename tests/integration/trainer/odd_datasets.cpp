#include "integration/trainer/odd_datasets.hpp"

#include <cstdint>

#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

class Sequence {
public:
    /// Below `end`.
    std::size_t below(std::size_t end) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>(state_ >> 33) % end;
    }

private:
    std::uint64_t state_ = 1;
};

/// U+0800 to U+FFFF without surrogates.
std::string utf8(std::size_t code_point) {
    return {static_cast<char>(0xE0 | code_point >> 12), static_cast<char>(0x80 | (code_point >> 6 & 0x3F)),
            static_cast<char>(0x80 | (code_point & 0x3F))};
}

std::string repeated(const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
}

/// Little-endian, of text that is ASCII.
std::string utf16(const std::string& ascii) {
    std::string text = "\xff\xfe";
    for (const char c : ascii) text += {c, '\0'};
    return text;
}

/// U+3041 onwards as in Shift-JIS, in which the second byte may look like ASCII.
std::string shift_jis(std::size_t bytes) {
    Sequence sequence;
    std::string text;
    while (text.size() < bytes) {
        text += sequence.below(3) == 0 ? '\x88' : '\x82';
        text += static_cast<char>(0x9F + sequence.below(0x50));
        if (sequence.below(8) == 0) text += "\x83\x5c";  // KATAKANA SO, which ends in a backslash
        if (sequence.below(40) == 0) text += "\x81\x42\n";
    }
    return text;
}

std::string latin1(const std::string& text) {
    std::string changed = text;
    for (std::size_t i = 0; i < changed.size(); i += 37)
        if (changed[i] == 'e' || changed[i] == 'o' || changed[i] == 'a') changed[i] = '\xe9';
    return changed;
}

}  // namespace

std::string many_characters(std::size_t bytes, std::size_t distinct) {
    Sequence sequence;
    std::string text;
    while (text.size() < bytes) {
        text += utf8(0x4E00 + sequence.below(1 + sequence.below(distinct)));
        if (sequence.below(60) == 0) text += sequence.below(4) == 0 ? "。\n" : "。";
    }
    return text;
}

/// A block of 16 emoji becomes a piece because it is in several words.
std::string emoji_words(std::size_t bytes) {
    Sequence sequence;
    std::vector<std::string> blocks(12);
    for (std::string& block : blocks)
        for (int i = 0; i < 16; ++i) {
            const std::size_t low = sequence.below(256);  // of U+1F300 to U+1F3FF
            block += {'\xf0', '\x9f', static_cast<char>(0x8C | low >> 6), static_cast<char>(0x80 | (low & 0x3F))};
        }
    std::string text;
    while (text.size() < bytes) {
        for (int i = 0; i < 3; ++i) text += blocks[sequence.below(blocks.size())];
        text += '\n';
    }
    return text;
}

std::string binary(std::size_t bytes) {
    Sequence sequence;
    std::string all;
    while (all.size() < bytes) all += static_cast<char>(sequence.below(256));
    return all;
}

std::vector<OddDataset> odd_datasets() {
    std::string one_byte = english_text(20'000);
    one_byte[15'000] = '\xe9';
    std::string nul = english_text(8'000);
    for (std::size_t i = 0; i < nul.size(); i += 100) nul[i] = '\0';
    std::string every_character;
    for (std::size_t point = 0x800; point < 0xD800; ++point) every_character += utf8(point);
    return {{"OneLatin1Byte", one_byte},
            {"Latin1", latin1(english_text(20'000))},
            {"CutInsideACharacter", japanese_text(9'000).substr(1, 8'000)},
            {"ByteOrderMark", "\xef\xbb\xbf" + english_text(8'000)},
            {"Newlines", std::string(4'096, '\n')},
            {"CarriageReturns", repeated("\r\n", 4'096)},
            {"Spaces", std::string(4'096, ' ')},
            {"Tabs", std::string(4'096, '\t')},
            {"BlankLines", repeated(" \n", 4'096)},
            {"Nul", std::string(4'096, '\0')},
            {"TextWithNul", nul},
            {"OneCharacter", std::string(4'096, 'a')},
            {"OneLetterALine", repeated("a\n", 4'096)},
            {"OneJapaneseCharacter", repeated("語", 4'096)},
            {"ByteFF", std::string(4'096, '\xff')},
            {"ContinuationBytes", std::string(20'000, '\x80')},
            {"Digits", repeated("0123456789", 5'000)},
            {"Utf16", utf16(english_text(10'000))},
            {"ShiftJis", shift_jis(20'000)},
            {"Binary", binary(4'096)},
            {"LargeBinary", binary(700'000)},
            {"OneLongLine", repeated("a", 1'000'000)},
            {"OneLongLineOfWords", repeated("once upon a time ", 1'000'000)},
            {"ManyCharacters", many_characters(60'000, 1'240)},
            {"ManyMoreCharacters", many_characters(700'000, 20'000)},
            {"EmojiWords", emoji_words(200'000)},
            {"EveryCharacterOnce", every_character},
            {"Surrogates", repeated("\xed\xa0\x80", 4'096)},
            {"ReservedCharacter", repeated("▅", 4'096)},
            {"ReservedCharacterInEachLine", repeated("done: ▅▅▅ 70%\n", 4'096)},
            {"MarkOfSpaces", repeated("▁", 4'096)},
            {"NamesOfPieces", repeated("<s> <unk> </s> <0x0A> <pad>\n", 8'000)}};
}

}  // namespace emeth::test
