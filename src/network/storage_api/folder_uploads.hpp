// Uploads in parts whose parts lie in the server's own folder: they are opened, their parts put, joined and completed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/storage_api/object_backend.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/part_checks.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/upload_records.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// All calls block; thread-safe. What each one does is said in object_backend.hpp.
class FolderUploads {
public:
    explicit FolderUploads(ObjectStore& store) : store_(store), records_(store) {}

    /// Called at start: removes what a crash left unfinished and the parts of completed uploads, and enters the others
    /// into the store's book.
    void recover();

    [[nodiscard]] std::vector<Upload> all() const { return records_.all(); }
    [[nodiscard]] bool is_complete(const Upload& upload) const;
    void remove(const Upload& upload) { records_.remove(upload); }

    OrRefusal<UploadTicket> open(const UploadBinding& binding, const std::string& upload_id,
                                 const std::set<std::string>& keys_in_work);
    /// Takes a temporary file of the store's incoming folder as a part, replacing any earlier one. Where an object of
    /// the bound digest is complete (another upload brought it), the part is not needed, which is no error.
    OrRefusal<void> put_part(const JobId& job, std::string_view key, std::uint32_t number,
                             const std::filesystem::path& temporary, SpaceBook::Reservation reservation);
    OrRefusal<UploadDigest> digest(std::string_view upload_id, const JobId& job, const Address& address) const;
    OrRefusal<UploadOutlook> outlook(std::string_view upload_id, const JobId& job, const Address& address,
                                     std::string_view extension) const;
    OrRefusal<std::string> complete(std::string_view upload_id, const JobId& job, const Address& address,
                                    std::string_view extension, const std::vector<std::string>& etags);

    /// ETag of a part: its SHA-256 in hex, in quotes.
    static std::string etag(const Hash256& sha256);

private:
    OrRefusal<void> make_room(const JobId& job, const std::set<std::string>& keys_in_work);
    [[nodiscard]] OrRefusal<std::uint64_t> bytes_of_all_parts(const Upload& upload) const;
    OrRefusal<Hash256> assemble(const Upload& upload, const std::vector<std::string>& etags,
                                const std::filesystem::path& temporary);
    /// What cannot be removed only takes up space.
    void remove_parts(const Upload& upload);

    ObjectStore& store_;
    UploadRecords records_;
};

}  // namespace emeth::network
