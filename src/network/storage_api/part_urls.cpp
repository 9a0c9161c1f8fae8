#include "network/storage_api/part_urls.hpp"

#include <algorithm>
#include <string>

namespace emeth::network {

std::uint32_t urls_in_page(const UploadSize& size, std::uint32_t first_part) {
    return std::min(size.parts - first_part, urls_per_page);
}

void add_part_urls(ObjectBackend& objects, const UploadTicket& ticket, std::uint32_t first_part,
                   boost::json::object& answer) {
    const UploadSize& size = ticket.upload.binding.size;
    const std::uint32_t end = first_part + urls_in_page(size, first_part);
    boost::json::object urls;
    for (std::uint32_t index = first_part; index < end; ++index)
        urls[std::to_string(index)] = objects.put_part_url(ticket.upload, index + 1);
    answer["urls"] = std::move(urls);
    answer["uploadId"] = ticket.upload_id;
    if (end < size.parts) answer["nextPart"] = end;
}

}  // namespace emeth::network
