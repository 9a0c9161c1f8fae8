// What the parts of an upload must be before they are joined, whichever store they lie in. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/refusal.hpp"
#include "network/storage_api/upload_size.hpp"

namespace emeth::network {

struct StoredPart {
    std::uint64_t bytes = 0;
    std::string etag{};  ///< as the store gave it; empty: not asked for
};

/// The size of the whole. `parts`: by their number less one; none: it was not put. 409 where one is missing or has the
/// wrong length: every part but the last must be full, and the last may be empty only when it is the only one.
OrRefusal<std::uint64_t> check_parts(const UploadSize& size, const std::vector<std::optional<StoredPart>>& parts);

/// 400 unless a completion lists as many parts as the upload has.
OrRefusal<void> check_listed(const UploadSize& size, std::size_t listed);

/// 409: the part that lies there is not the one that a completion lists.
Refusal another_part(std::uint32_t number);

/// Whether they are the same but for their quotes: clients pass on whatever their HTTP library gave them.
bool is_same_etag(std::string_view one, std::string_view other);

}  // namespace emeth::network
