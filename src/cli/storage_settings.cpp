#include "cli/storage_settings.hpp"

#include <sstream>

#include "crypto/secret_file.hpp"

namespace emeth::cli {
namespace {

constexpr std::size_t credentials_bytes_max = 8'192;

Result<void> read_s3_credentials(const SettingValue& value, StorageSettings& out) {
    if (value.text().empty()) return {};
    const auto text = crypto::read_secret_file(value.text(), "file", credentials_bytes_max);
    if (text.has_error()) return value.in_context(text.error());
    std::istringstream words(*text);
    network::s3::Credentials& credentials = out.s3_credentials;
    words >> credentials.access_key >> credentials.secret_key >> credentials.session_token;
    std::string more;
    if (credentials.secret_key.empty() || words >> more)
        return value.in_context(
            permanent_error("the file does not hold ACCESS_KEY SECRET_KEY, and a session token if there is one"));
    return {};
}

}  // namespace

const SettingsTable<StorageSettings>& storage_table() {
    using Limits = network::StorageLimits;
    constexpr std::uint64_t bytes_max = std::uint64_t{1} << 60;
    constexpr std::uint64_t days_max = 36'500;
    static const SettingsTable<StorageSettings> table = joined<StorageSettings>(
        server_table(),
        SettingsTable<Limits>{
            whole_number("storage_bytes_max", &Limits::total_bytes_max, 0, bytes_max,
                         "The most that datasets, results and open uploads may take together (bytes)."),
            whole_number("storage_disk_free_bytes_min", &Limits::disk_free_bytes_min, 0, bytes_max,
                         "What uploads must leave free on the disk (bytes)."),
            whole_number("storage_dataset_bytes_max", &Limits::dataset_bytes_max, 1, bytes_max,
                         "The largest dataset that is taken (bytes)."),
            whole_number("storage_address_bytes_max", &Limits::address_bytes_max, 1, bytes_max,
                         "The most that one address may have here in datasets and in the parts of its open uploads "
                         "(bytes)."),
            whole_number("storage_job_bytes_max", &Limits::job_bytes_max, 1, bytes_max,
                         "The most that one JOB may have here in the parts of open uploads, results and evidence "
                         "(bytes)."),
            whole_number("unclaimed_dataset_days", &Limits::unclaimed_dataset_days, 1, days_max,
                         "Days after which a dataset is removed whose JOB was not requested."),
            whole_number("abandoned_upload_days", &Limits::abandoned_upload_days, 1, days_max,
                         "Days after which an upload is removed that nobody came back to."),
            whole_number("ended_job_days", &Limits::ended_job_days, 1, days_max,
                         "Days after which the dataset and the results of a JOB that has ended are removed.")},
        SettingsTable<StorageSettings>{
            text("s3_endpoint", &StorageSettings::s3_endpoint,
                 "URL of the object store, as clients reach it, if objects lie in one that speaks S3. Unset: they lie "
                 "in the server's own folder."),
            text("s3_region", &StorageSettings::s3_region, "The object store's region."),
            text("s3_bucket", &StorageSettings::s3_bucket, "The bucket, for this server alone."),
            text("s3_prefix", &StorageSettings::s3_prefix, "What the keys of all objects begin with; ends in a slash."),
            {{"s3_credentials_file", "",
              "A file of mode 0600 with the object store's keys, one line: ACCESS_KEY SECRET_KEY, and a session token "
              "if there is one."},
             read_s3_credentials}});
    return table;
}

Result<std::optional<network::s3::S3Settings>> object_store_of(const StorageSettings& settings) {
    using Store = std::optional<network::s3::S3Settings>;
    if (settings.s3_endpoint.empty()) {
        if (settings.s3_bucket.empty() && settings.s3_credentials.access_key.empty()) return Store();
        return permanent_error("s3_endpoint is missing, though the object store's bucket or keys are set");
    }
    if (settings.s3_bucket.empty()) return permanent_error("s3_bucket is missing: name the bucket at s3_endpoint");
    if (settings.s3_credentials.access_key.empty())
        return permanent_error(
            "s3_credentials_file is missing: write the object store's keys into a file of mode 0600");
    auto endpoint = http::Url::parse(settings.s3_endpoint);
    if (endpoint.has_error()) return in_context("s3_endpoint", endpoint.error());
    network::s3::S3Settings store{std::move(*endpoint), settings.s3_region, settings.s3_bucket, settings.s3_prefix,
                                  settings.s3_credentials};
    if (auto checked = network::s3::check(store); checked.has_error()) return checked.error();
    return Store(std::move(store));
}

}  // namespace emeth::cli
