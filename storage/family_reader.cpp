#include "storage/envelope.hpp"
#include "storage/rocks_database.hpp"

namespace emeth::storage {
namespace {

constexpr std::size_t readahead_bytes = 2 << 20;

std::string_view view(const rocksdb::Slice& text) {
    return {text.data(), text.size()};
}

}  // namespace

struct FamilyReader::Impl {
    const RocksDatabase& database;
    std::shared_ptr<RocksDatabase::Opened> opened;  // outlives the iterator
    Family family;
    std::unique_ptr<rocksdb::Iterator> entry;
};

FamilyReader::FamilyReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FamilyReader::FamilyReader(FamilyReader&&) noexcept = default;
FamilyReader::~FamilyReader() = default;

Result<FamilyReader> RocksDatabase::reader(Family family) {
    auto opened = use();
    if (opened.has_error()) return opened.error();
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.readahead_size = readahead_bytes;
    std::unique_ptr<rocksdb::Iterator> entry((*opened)->database->NewIterator(options, (*opened)->handle(family)));
    entry->SeekToFirst();
    return FamilyReader(std::unique_ptr<FamilyReader::Impl>(
        new FamilyReader::Impl{*this, std::move(*opened), family, std::move(entry)}));
}

void FamilyReader::seek(std::string_view key) {
    impl_->entry->Seek({key.data(), key.size()});
}

void FamilyReader::next() {
    impl_->entry->Next();
}

bool FamilyReader::valid() const {
    return impl_->entry->Valid();
}

std::string_view FamilyReader::key() const {
    return view(impl_->entry->key());
}

std::string_view FamilyReader::value() const {
    return view(impl_->entry->value());
}

Result<std::string_view> FamilyReader::payload() const {
    const Result<std::string_view> unsealed = unseal(key(), value());
    if (unsealed.has_error()) return damaged(unsealed.error());
    return *unsealed;
}

Error FamilyReader::damaged(const Error& damage) const {
    return impl_->database.value_error(impl_->family, key(), damage);
}

Result<void> FamilyReader::status() const {
    const rocksdb::Status status = impl_->entry->status();
    if (!status.ok()) return impl_->database.error(status);
    return {};
}

}  // namespace emeth::storage
