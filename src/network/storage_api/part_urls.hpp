// The URLs of an upload's parts, in the JSON of an answer.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "network/storage_api/object_backend.hpp"

namespace emeth::network {

/// So many URLs are in an answer at most, which then has some 400 KiB; where more follow, it says from which part on.
inline constexpr std::uint32_t urls_per_page = 1'000;

/// How many of them are in the page that begins with the part of index `first_part`, which the upload must have.
std::uint32_t urls_in_page(const UploadSize& size, std::uint32_t first_part);

/// Adds {urls: {"<index>": url, …}, uploadId, nextPart?}. `first_part`: index of the first one, from 0.
void add_part_urls(ObjectBackend& objects, const UploadTicket& ticket, std::uint32_t first_part,
                   boost::json::object& answer);

}  // namespace emeth::network
