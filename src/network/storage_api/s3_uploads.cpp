// The uploads of S3Backend: they are opened, and become objects.
#include <fmt/format.h>

#include <algorithm>

#include "api_client/dataset_name.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/s3_backend.hpp"
#include "network/storage_api/signed_urls.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

/// Anybody may open uploads of datasets, under as many addresses and for as many JOBs as he likes.
constexpr std::size_t open_datasets_max = 4'096, open_datasets_of_address_max = 64;
/// Of so many of the oldest it is looked whether one gives way.
constexpr std::size_t give_way_tries_max = 256, datasets_give_way_tries_max = 8;

bool is_open_dataset(const Upload& upload) {
    return upload.kind == ObjectKind::dataset && !upload.is_completed;
}

std::uint64_t sum_of(const std::vector<std::optional<StoredPart>>& parts) {
    std::uint64_t sum = 0;
    for (const std::optional<StoredPart>& part : parts)
        if (part) sum += part->bytes;
    return sum;
}

/// Names of objects and S3's keys below the prefix are the same: "dataset/…", "result/…".
std::string s3_key(const Upload& upload) {
    return book_key(upload.kind, upload.file_name);
}

UploadBinding binding_of(const NewDataset& dataset) {
    return {dataset.address, dataset.job, std::string(api_client::dataset_upload_extension),
            upload_size_of(dataset.bytes), dataset.sha256};
}

Refusal still_reading() {
    return {503, "what the object store holds has not been read yet; ask again"};
}

}  // namespace

std::string S3Backend::space_key(const Upload& upload) const {
    return ports_.store.book_key_of(upload.folder / "parts");
}

Task<> S3Backend::count_open_datasets() {
    auto reading = uploads();
    for (const Upload& upload : co_await std::move(reading)) {
        if (!is_open_dataset(upload)) continue;
        auto asking = parts_of(upload);
        const OrRefusal<Parts> parts = co_await std::move(asking);
        if (parts.has_error() || !*parts) continue;
        auto looking = find_again(upload);
        const OrRefusal<Upload> still = co_await std::move(looking);  // it may have been completed meanwhile
        if (still.has_value() && is_open_dataset(*still))
            ports_.store.book().found(space_key(upload), upload.payer(), sum_of(**parts));
    }
}

Task<OrRefusal<DatasetPut>> S3Backend::put_dataset(std::string upload_id, NewDataset dataset,
                                                   std::set<std::string> keys_in_work) {
    constexpr std::uint64_t bytes_max = upload_parts_max * upload_part_bytes;
    if (dataset.bytes > bytes_max)
        co_return Refusal{413,
                          fmt::format("a dataset of {} bytes is not taken; at most {} are", dataset.bytes, bytes_max)};
    UploadBinding binding = binding_of(dataset);
    auto reading = uploads_of(dataset.job);
    for (const Upload& upload : co_await std::move(reading))
        if (upload.is_completed && upload.binding == binding) co_return DatasetPut{.is_stored = true};
    auto opening = open_upload(std::move(upload_id), std::move(binding), std::move(keys_in_work));
    OrRefusal<UploadTicket> ticket = co_await std::move(opening);
    if (ticket.has_error()) co_return ticket.error();
    co_return DatasetPut{.upload = std::move(*ticket)};
}

Task<std::vector<Upload>> S3Backend::uploads() {
    auto work = [this] { return records_.all(); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<std::vector<Upload>> S3Backend::uploads_of(JobId job) {
    auto work = [this, &job] { return records_.of_job(job); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<bool> S3Backend::give_way(std::vector<Upload> candidates, std::set<std::string> keys_in_work,
                               std::size_t tries_max) {
    std::erase_if(candidates,
                  [&](const Upload& upload) { return upload.is_completed || keys_in_work.contains(upload.key); });
    std::sort(candidates.begin(), candidates.end(), [](const Upload& one, const Upload& other) {
        return one.touched_at_unix_ns() < other.touched_at_unix_ns();
    });
    if (candidates.size() > tries_max)
        candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(tries_max), candidates.end());
    for (const Upload& upload : candidates) {
        auto asking = parts_of(upload);
        const OrRefusal<Parts> parts = co_await std::move(asking);
        if (parts.has_error()) co_return false;
        if (*parts &&
            std::any_of((*parts)->begin(), (*parts)->end(), [](const auto& part) { return part.has_value(); }))
            continue;
        auto removing = remove_upload(upload);
        const OrRefusal<void> removed = co_await std::move(removing);
        co_return removed.has_value();
    }
    co_return false;
}

Task<bool> S3Backend::make_room(JobId job, std::set<std::string> keys_in_work) {
    auto reading = uploads_of(job);
    std::vector<Upload> opened = co_await std::move(reading);
    auto giving_way = give_way(std::move(opened), std::move(keys_in_work), give_way_tries_max);
    co_return co_await std::move(giving_way);
}

/// Strangers may not use up what is there for all: of what they open, empty uploads give way, and space counts once
/// something lies in it.
Task<OrRefusal<void>> S3Backend::admit_dataset(Upload upload, std::set<std::string> keys_in_work) {
    auto reading = uploads();
    std::vector<Upload> opened = co_await std::move(reading);
    std::erase_if(opened, [](const Upload& other) { return !is_open_dataset(other); });
    const auto of_address = std::count_if(opened.begin(), opened.end(), [&](const Upload& other) {
        return other.binding.address == upload.binding.address;
    });
    const bool is_one_too_many = static_cast<std::size_t>(of_address) >= open_datasets_of_address_max;
    if (is_one_too_many)
        std::erase_if(opened, [&](const Upload& other) { return other.binding.address != upload.binding.address; });
    if (is_one_too_many || opened.size() >= open_datasets_max) {
        auto giving_way = give_way(std::move(opened), std::move(keys_in_work), datasets_give_way_tries_max);
        const bool gave_way = co_await std::move(giving_way);
        if (!gave_way)
            co_return Refusal{429, "too many uploads of datasets are open; complete one of them, or ask again later"};
    }
    co_return ports_.store.book().check(upload.payer(), upload.binding.size.bytes_max());
}

/// What would exceed a quota may take the place of the JOB's own uploads without a part.
Task<OrRefusal<SpaceBook::Reservation>> S3Backend::reserve(Upload upload, std::set<std::string> keys_in_work) {
    for (;;) {
        OrRefusal<SpaceBook::Reservation> space =
            ports_.store.book().reserve(upload.payer(), upload.binding.size.bytes_max());
        if (space.has_value()) co_return space;
        auto making_room = make_room(upload.binding.job, keys_in_work);
        const bool gave_way = co_await std::move(making_room);
        if (!gave_way) co_return space;
    }
}

Task<OrRefusal<UploadTicket>> S3Backend::open_upload(std::string upload_id, UploadBinding binding,
                                                     std::set<std::string> keys_in_work) {
    if (!stock_is_taken_) co_return still_reading();
    auto look = [this, &upload_id, &binding] { return records_.opened_by(upload_id, binding); };
    auto looking = ports_.pool.run(std::move(look));
    OrRefusal<std::optional<Upload>> present = co_await std::move(looking);
    if (present.has_error()) co_return present.error();
    if (*present) co_return UploadTicket{upload_id, std::move(**present)};

    auto reading = uploads_of(binding.job);
    const std::vector<Upload> others = co_await std::move(reading);
    if (others.size() >= UploadRecords::uploads_per_job_max) {
        auto making_room = make_room(binding.job, keys_in_work);
        const bool gave_way = co_await std::move(making_room);
        if (!gave_way) co_return too_many_uploads(others.size());
    }
    Upload upload = records_.unwritten(upload_id, binding);
    std::optional<SpaceBook::Reservation> space;
    if (upload.kind == ObjectKind::dataset) {
        auto admitting = admit_dataset(upload, keys_in_work);
        const OrRefusal<void> admitted = co_await std::move(admitting);
        if (admitted.has_error()) co_return admitted.error();
    } else {
        auto reserving = reserve(upload, keys_in_work);
        OrRefusal<SpaceBook::Reservation> reserved = co_await std::move(reserving);
        if (reserved.has_error()) co_return reserved.error();
        space = std::move(*reserved);
    }
    auto opening = client_.open_upload(s3_key(upload));
    const Result<std::string> s3_upload_id = co_await std::move(opening);
    if (s3_upload_id.has_error()) co_return unavailable(s3_upload_id.error());
    upload.s3_upload_id = *s3_upload_id;
    auto writing = write(upload);
    const OrRefusal<void> written = co_await std::move(writing);
    if (written.has_error()) {
        auto aborting = client_.abort(s3_key(upload), upload.s3_upload_id);
        (void)co_await std::move(aborting);  // else the bucket's lifecycle rule does it
        co_return written.error();
    }
    if (space)
        ports_.store.book().store(std::move(*space), space_key(upload), upload.payer(),
                                  upload.binding.size.bytes_max());
    co_return UploadTicket{upload_id, std::move(upload)};
}

/// Where the length is known, S3 takes no other one.
std::string S3Backend::put_part_url(const Upload& upload, std::uint32_t number) {
    const PartLength length = upload.binding.size.length_of(number);
    return client_.presigned_put_part(s3_key(upload), upload.s3_upload_id, number,
                                      length.is_exact ? std::optional(length.bytes_max) : std::nullopt, now_unix_s(),
                                      url_valid_s);
}

Task<OrRefusal<Upload>> S3Backend::find_own(std::string upload_id, JobId job, Address address,
                                            std::optional<std::string> extension) {
    auto work = [this, &upload_id, &job, &address, &extension] {
        return extension ? records_.find_own(upload_id, job, address, *extension)
                         : records_.find_own(upload_id, job, address);
    };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<Upload>> S3Backend::find_again(Upload upload) {
    auto work = [this, &upload] { return records_.find(upload.binding.job, upload.key); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<void>> S3Backend::write(Upload upload) {
    auto work = [this, &upload] { return records_.write(upload); };
    co_return co_await ports_.pool.run(std::move(work));
}

Task<OrRefusal<S3Backend::Parts>> S3Backend::parts_of(Upload upload) {
    auto asking = client_.parts(s3_key(upload), upload.s3_upload_id);
    const Result<std::optional<std::vector<s3::S3Part>>> stored = co_await std::move(asking);
    if (stored.has_error()) co_return unavailable(stored.error());
    if (!*stored) co_return Parts();
    std::vector<std::optional<StoredPart>> parts(upload.binding.size.parts);
    for (const s3::S3Part& part : **stored)
        if (part.number >= 1 && part.number <= parts.size()) parts[part.number - 1] = StoredPart{part.bytes, part.etag};
    co_return Parts(std::move(parts));
}

/// Names of results are bound to their content, or to the upload; that of a dataset is not, so that the record must say
/// whose it is.
Task<OrRefusal<std::optional<StoredObject>>> S3Backend::made_of(Upload upload) {
    if (upload.kind == ObjectKind::dataset && !upload.is_completing) co_return std::optional<StoredObject>();
    auto finding = find(upload.kind, upload.file_name);
    co_return co_await std::move(finding);
}

Task<OrRefusal<UploadDigest>> S3Backend::digest(std::string upload_id, JobId job, Address address) {
    auto looking = find_own(std::move(upload_id), job, address, std::nullopt);
    const OrRefusal<Upload> upload = co_await std::move(looking);
    if (upload.has_error()) co_return upload.error();
    auto finding = made_of(*upload);
    const OrRefusal<std::optional<StoredObject>> object = co_await std::move(finding);
    if (object.has_error()) co_return object.error();
    if (*object) co_return UploadDigest{.bytes = (*object)->bytes, .completed = true};
    auto asking = parts_of(*upload);
    const OrRefusal<Parts> parts = co_await std::move(asking);
    if (parts.has_error()) co_return parts.error();
    if (!*parts) co_return unknown_upload();
    const OrRefusal<std::uint64_t> bytes = check_parts(upload->binding.size, **parts);
    if (bytes.has_error()) co_return bytes.error();
    co_return UploadDigest{.bytes = *bytes};
}

Task<OrRefusal<UploadOutlook>> S3Backend::outlook(std::string upload_id, JobId job, Address address,
                                                  std::string extension) {
    auto looking = find_own(std::move(upload_id), job, address, std::move(extension));
    const OrRefusal<Upload> upload = co_await std::move(looking);
    if (upload.has_error()) co_return upload.error();
    auto finding = made_of(*upload);
    const OrRefusal<std::optional<StoredObject>> object = co_await std::move(finding);
    if (object.has_error()) co_return object.error();
    co_return UploadOutlook{upload->file_name, object->has_value()};
}

/// S3 checks the ETags once more, so that nothing that is put meanwhile gets in.
Task<OrRefusal<void>> S3Backend::join(Upload upload, std::vector<std::string> etags) {
    auto asking = parts_of(upload);
    const OrRefusal<Parts> parts = co_await std::move(asking);
    if (parts.has_error()) co_return parts.error();
    if (!*parts) co_return unknown_upload();
    const OrRefusal<std::uint64_t> bytes = check_parts(upload.binding.size, **parts);
    if (bytes.has_error()) co_return bytes.error();
    std::vector<s3::CompletedPart> listed;
    for (std::uint32_t number = 1; number <= upload.binding.size.parts; ++number) {
        const std::string& etag = (**parts)[number - 1]->etag;
        if (!is_same_etag(etags[number - 1], etag)) co_return another_part(number);
        listed.push_back({number, etag});
    }
    std::optional<SpaceBook::Reservation> space;
    if (upload.kind == ObjectKind::dataset) {
        ports_.store.book().erase(space_key(upload));  // the parts, which were counted meanwhile, become the object
        OrRefusal<SpaceBook::Reservation> reserved = ports_.store.book().reserve(upload.payer(), *bytes);
        if (reserved.has_error()) co_return reserved.error();
        space = std::move(*reserved);
    }
    auto completing = client_.complete(s3_key(upload), upload.s3_upload_id, std::move(listed));
    const Result<std::string> completed = co_await std::move(completing);
    if (completed.has_error()) {
        if (completed.error().kind == ErrorKind::transient) co_return unavailable(completed.error());
        spdlog::warn("{} is not completed: {}", s3_key(upload), completed.error().message);
        co_return http::conflict("the object store does not make an object of these parts; upload them again");
    }
    ports_.store.book().found(s3_key(upload), payer_of(upload.kind, upload.file_name), *bytes);
    co_return OrRefusal<void>{};
}

/// A dataset's upload says of itself that it makes the object, before it does: a crash in between is survived.
Task<OrRefusal<void>> S3Backend::prepare(Upload upload) {
    if (upload.kind != ObjectKind::dataset) co_return OrRefusal<void>{};
    auto finding = find(upload.kind, upload.file_name);
    const OrRefusal<std::optional<StoredObject>> another = co_await std::move(finding);
    if (another.has_error()) co_return another.error();
    if (*another) co_return cannot_be_replaced(s3_key(upload));
    upload.is_completing = true;
    auto writing = write(std::move(upload));
    co_return co_await std::move(writing);
}

/// What another upload has made may serve in its place: then the parts of this one are superfluous.
Task<OrRefusal<void>> S3Backend::note_completed(Upload upload) {
    auto aborting = client_.abort(s3_key(upload), upload.s3_upload_id);
    const Result<void> aborted = co_await std::move(aborting);
    if (aborted.has_error()) co_return unavailable(aborted.error());
    ports_.store.book().erase(space_key(upload));
    upload.is_completing = upload.is_completed = true;
    auto writing = write(upload);
    const OrRefusal<void> written = co_await std::move(writing);
    ports_.store.book().erase(space_key(upload));  // they may have been counted again meanwhile
    if (written.has_error() || upload.kind == ObjectKind::result) co_return written;
    auto reading = uploads_of(upload.binding.job);
    for (const Upload& other : co_await std::move(reading)) {  // none of them may take the object for its own
        if (other.file_name != upload.file_name || other.key == upload.key) continue;
        auto removing = remove_upload(other);
        const OrRefusal<void> removed = co_await std::move(removing);
        if (removed.has_error()) co_return removed;
    }
    co_return OrRefusal<void>{};
}

Task<OrRefusal<std::string>> S3Backend::complete(std::string upload_id, JobId job, Address address,
                                                 std::string extension, std::vector<std::string> etags) {
    if (!stock_is_taken_) co_return still_reading();
    auto looking = find_own(std::move(upload_id), job, address, std::move(extension));
    const OrRefusal<Upload> upload = co_await std::move(looking);
    if (upload.has_error()) co_return upload.error();
    const OrRefusal<void> listed = check_listed(upload->binding.size, etags.size());
    if (listed.has_error()) co_return listed.error();
    if (upload->is_completed) co_return upload->file_name;
    auto finding = made_of(*upload);
    const OrRefusal<std::optional<StoredObject>> object = co_await std::move(finding);
    if (object.has_error()) co_return object.error();
    if (!*object) {
        auto preparing = prepare(*upload);
        const OrRefusal<void> prepared = co_await std::move(preparing);
        if (prepared.has_error()) co_return prepared.error();
        auto joining = join(*upload, std::move(etags));
        const OrRefusal<void> joined = co_await std::move(joining);
        if (joined.has_error()) co_return joined.error();
    }
    // The object is there: what is left of the upload is tidied up by the sweep, if not now.
    auto noting = note_completed(*upload);
    const OrRefusal<void> noted = co_await std::move(noting);
    if (noted.has_error()) log_of(job).warn("the upload of {} stays open: {}", s3_key(*upload), noted.error().message);
    co_return upload->file_name;
}

Task<OrRefusal<void>> S3Backend::remove_upload(Upload upload) {
    if (!upload.is_completed) {
        auto aborting = client_.abort(s3_key(upload), upload.s3_upload_id);
        const Result<void> aborted = co_await std::move(aborting);
        if (aborted.has_error()) co_return unavailable(aborted.error());
    }
    auto work = [this, &upload] { records_.remove(upload); };
    co_await ports_.pool.run(std::move(work));
    co_return OrRefusal<void>{};
}

}  // namespace emeth::network
