#include "network/storage_api/part_urls.hpp"

#include <algorithm>
#include <string>

namespace emeth::network {

void add_part_urls(ObjectBackend& objects, const UploadTicket& ticket, std::uint32_t first_part,
                   boost::json::object& answer) {
    const std::uint32_t parts = ticket.upload.binding.size.parts;
    const std::uint32_t end = std::min(parts, first_part + urls_per_page);
    boost::json::object urls;
    for (std::uint32_t index = first_part; index < end; ++index)
        urls[std::to_string(index)] = objects.put_part_url(ticket.upload, index + 1);
    answer["urls"] = std::move(urls);
    answer["uploadId"] = ticket.upload_id;
    if (end < parts) answer["nextPart"] = end;
}

}  // namespace emeth::network
