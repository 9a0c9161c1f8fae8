#include "network/storage_api/space_book.hpp"

#include <fmt/format.h>

#include <utility>

namespace emeth::network {
namespace {

bool fits(const SpaceBook::Use& use, std::uint64_t bytes, std::uint64_t bytes_max) {
    const std::uint64_t taken = use.stored + use.reserved;
    return taken <= bytes_max && bytes <= bytes_max - taken;
}

template <class Key>
SpaceBook::Use use_of(const std::map<Key, SpaceBook::Use>& uses, const Key& key) {
    const auto found = uses.find(key);
    return found == uses.end() ? SpaceBook::Use() : found->second;
}

/// Forgets whom nothing counts for any more.
template <class Key, class Change>
void change_use(std::map<Key, SpaceBook::Use>& uses, const Key& key, Change change) {
    SpaceBook::Use& use = uses[key];
    change(use);
    if (use == SpaceBook::Use()) uses.erase(key);
}

std::string shares(const SpaceBook::Use& use, std::uint64_t bytes_max, std::uint64_t bytes) {
    return fmt::format("{} of {} bytes are in use and {} are promised to uploads that run, {} more were asked for",
                       use.stored, bytes_max, use.reserved, bytes);
}

}  // namespace

SpaceBook::Reservation::Reservation(Reservation&& other) noexcept
    : book_(std::exchange(other.book_, nullptr)), payer_(other.payer_), bytes_(std::exchange(other.bytes_, 0)) {}

SpaceBook::Reservation& SpaceBook::Reservation::operator=(Reservation&& other) noexcept {
    std::swap(book_, other.book_);
    std::swap(payer_, other.payer_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

SpaceBook::Reservation::~Reservation() {
    if (book_ == nullptr) return;
    const std::lock_guard lock(book_->mutex_);
    book_->release(*this);
}

template <class Change>
void SpaceBook::change_sums(const Payer& payer, Change change) {
    change(total_);
    if (payer.address) change_use(by_address_, *payer.address, change);
    if (payer.job) change_use(by_job_, *payer.job, change);
}

OrRefusal<void> SpaceBook::why_not(const Payer& payer, std::uint64_t bytes) const {
    if (!fits(total_, bytes, limits_.total_bytes_max))
        return Refusal{507, fmt::format("the store is full: {}; its operator can raise storage_bytes_max",
                                        shares(total_, limits_.total_bytes_max, bytes))};
    if (payer.address && !fits(use_of(by_address_, *payer.address), bytes, limits_.address_bytes_max))
        return Refusal{507, fmt::format("the quota of {} is used up: {}; its uploads end when they are completed, and "
                                        "the server's operator can raise storage_address_bytes_max",
                                        payer.address->hex(),
                                        shares(use_of(by_address_, *payer.address), limits_.address_bytes_max, bytes))};
    if (payer.job && !fits(use_of(by_job_, *payer.job), bytes, limits_.job_bytes_max))
        return Refusal{
            507, fmt::format("the quota of JOB {} is used up: {}; complete an upload instead of opening "
                             "others, and the server's operator can raise storage_job_bytes_max",
                             payer.job->hex(), shares(use_of(by_job_, *payer.job), limits_.job_bytes_max, bytes))};
    return {};
}

OrRefusal<void> SpaceBook::check(const Payer& payer, std::uint64_t bytes) const {
    const std::lock_guard lock(mutex_);
    return why_not(payer, bytes);
}

OrRefusal<SpaceBook::Reservation> SpaceBook::reserve(const Payer& payer, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    const OrRefusal<void> fitting = why_not(payer, bytes);
    if (fitting.has_error()) return fitting.error();
    change_sums(payer, [bytes](Use& use) { use.reserved += bytes; });
    return Reservation(this, payer, bytes);
}

void SpaceBook::release(const Reservation& reservation) {
    change_sums(reservation.payer_, [bytes = reservation.bytes_](Use& use) { use.reserved -= bytes; });
}

void SpaceBook::store(Reservation reservation, const std::string& key, const Payer& payer, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    release(reservation);
    reservation.book_ = nullptr;
    put(key, payer, bytes);
}

void SpaceBook::found(const std::string& key, const Payer& payer, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    put(key, payer, bytes);
}

void SpaceBook::put(const std::string& key, const Payer& payer, std::uint64_t bytes) {
    if (const auto before = entries_.find(key); before != entries_.end()) take_out(before);
    entries_.emplace(key, Entry{payer, bytes});
    change_sums(payer, [bytes](Use& use) { use.stored += bytes; });
}

SpaceBook::Entries::iterator SpaceBook::take_out(Entries::iterator entry) {
    change_sums(entry->second.payer, [bytes = entry->second.bytes](Use& use) { use.stored -= bytes; });
    return entries_.erase(entry);
}

void SpaceBook::erase(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (const auto entry = entries_.find(key); entry != entries_.end()) take_out(entry);
}

void SpaceBook::erase_below(const std::string& prefix) {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.lower_bound(prefix); entry != entries_.end() && entry->first.starts_with(prefix);)
        entry = take_out(entry);
}

bool SpaceBook::contains(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return entries_.contains(key);
}

std::size_t SpaceBook::count_below(const std::string& prefix) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (auto entry = entries_.lower_bound(prefix); entry != entries_.end() && entry->first.starts_with(prefix);
         ++entry)
        ++count;
    return count;
}

SpaceBook::Use SpaceBook::total() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

SpaceBook::Use SpaceBook::of(const Address& address) const {
    const std::lock_guard lock(mutex_);
    return use_of(by_address_, address);
}

SpaceBook::Use SpaceBook::of(const JobId& job) const {
    const std::lock_guard lock(mutex_);
    return use_of(by_job_, job);
}

}  // namespace emeth::network
