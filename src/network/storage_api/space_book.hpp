// The book of what the store's space is used for: what lies there and what is promised to whoever is sending, by whom
// and for which JOB. Pure memory: it is filled from the disk at the start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "network/storage_api/refusal.hpp"
#include "network/storage_api/storage_limits.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// Whose quotas something counts for. Everything counts for the total.
struct Payer {
    std::optional<Address> address{};
    std::optional<JobId> job{};
};

/// Thread-safe; every figure is exact after each call, in whatever order they come.
class SpaceBook {
public:
    explicit SpaceBook(StorageLimits limits) : limits_(limits) {}
    SpaceBook(const SpaceBook&) = delete;
    SpaceBook& operator=(const SpaceBook&) = delete;

    /// Space that is kept free until it is stored or the reservation ends. The book must outlive it.
    class Reservation {
    public:
        Reservation(Reservation&& other) noexcept;
        Reservation& operator=(Reservation&& other) noexcept;
        ~Reservation();
        [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

    private:
        friend class SpaceBook;
        Reservation(SpaceBook* book, const Payer& payer, std::uint64_t bytes)
            : book_(book), payer_(payer), bytes_(bytes) {}
        SpaceBook* book_;
        Payer payer_;
        std::uint64_t bytes_;
    };

    /// 507 when a quota would be exceeded; it says which one, what is in use and what helps.
    OrRefusal<Reservation> reserve(const Payer& payer, std::uint64_t bytes);
    /// Whether reserve() would do it now.
    [[nodiscard]] OrRefusal<void> check(const Payer& payer, std::uint64_t bytes) const;
    /// What the space was reserved for lies under `key` now, in place of what lay there before, and has so many bytes.
    void store(Reservation reservation, const std::string& key, const Payer& payer, std::uint64_t bytes);
    /// What was found under `key`, whatever the quotas are.
    void found(const std::string& key, const Payer& payer, std::uint64_t bytes);
    void erase(const std::string& key);
    /// All keys that begin like this.
    void erase_below(const std::string& prefix);

    struct Use {
        std::uint64_t stored = 0, reserved = 0;
        friend bool operator==(const Use&, const Use&) = default;
    };
    [[nodiscard]] Use total() const;
    [[nodiscard]] Use of(const Address& address) const;
    [[nodiscard]] Use of(const JobId& job) const;
    [[nodiscard]] bool contains(const std::string& key) const;
    /// How many keys begin like this.
    [[nodiscard]] std::size_t count_below(const std::string& prefix) const;

private:
    struct Entry {
        Payer payer;
        std::uint64_t bytes = 0;
    };
    using Entries = std::map<std::string, Entry>;

    [[nodiscard]] OrRefusal<void> why_not(const Payer& payer, std::uint64_t bytes) const;
    void release(const Reservation& reservation);
    void put(const std::string& key, const Payer& payer, std::uint64_t bytes);
    Entries::iterator take_out(Entries::iterator entry);
    /// Applies `change` to every sum that the payer counts for.
    template <class Change>
    void change_sums(const Payer& payer, Change change);

    const StorageLimits limits_;
    mutable std::mutex mutex_;
    Entries entries_;
    Use total_;
    std::map<Address, Use> by_address_;  ///< none that is all zero
    std::map<JobId, Use> by_job_;        ///< the same
};

}  // namespace emeth::network
