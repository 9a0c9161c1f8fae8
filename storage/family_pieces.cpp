#include "storage/family_pieces.hpp"

#include <utility>

#include "runtime/parallel.hpp"

namespace emeth::storage {

void check(const FamilyReader& reader) {
    if (const Result<void> status = reader.status(); status.has_error()) throw ErrorException(status.error());
}

FamilyPieces::Entry FamilyPieces::Piece::operator[](std::size_t index) const {
    const std::string_view bytes = bytes_;
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1].value;
    const auto [key_end, value_end] = ends_[index];
    return {bytes.substr(begin, key_end - begin), bytes.substr(key_end, value_end - key_end)};
}

Result<void> FamilyPieces::for_each(RocksDatabase& database, Family family, unsigned threads,
                                    const std::function<Work()>& make_work) try {
    Result<FamilyReader> entries = database.reader(family);
    if (entries.has_error()) return entries.error();
    FamilyPieces pieces(std::move(*entries));
    on_threads(threads, [&] { pieces.work_through(make_work()); });
    return {};
} catch (const ErrorException& failed) {
    return failed.error();
}

void FamilyPieces::work_through(const Work& work) {
    Piece piece;
    try {
        while (next(piece)) work(piece);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        throw;
    }
}

bool FamilyPieces::next(Piece& piece) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return false;  // it stays ended when reading throws
    piece.number_ = next_number_++;
    piece.key_before_ = last_key_;
    piece.bytes_.clear();
    piece.ends_.clear();
    for (; entries_.valid() && piece.size() < entries_max && piece.bytes_.size() < bytes_max; entries_.next()) {
        const std::size_t key_end = piece.bytes_.append(entries_.key()).size();
        piece.ends_.push_back({key_end, piece.bytes_.append(entries_.value()).size()});
    }
    check(entries_);
    piece.is_last_ = ended_ = !entries_.valid();
    if (piece.size() > 0) last_key_ = piece[piece.size() - 1].key;
    return true;
}

bool PieceOrder::wait(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || next_ == number; });
    return !stopped_;
}

void PieceOrder::passed() {
    const std::lock_guard lock(mutex_);
    ++next_;
    changed_.notify_all();
}

void PieceOrder::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

}  // namespace emeth::storage
