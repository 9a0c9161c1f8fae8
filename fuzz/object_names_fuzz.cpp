// Names of objects, which stand on chain and in URLs, where anybody writes them: what is taken for one of ours is
// written the same again and may become part of a path.
#include <cstdint>
#include <string>
#include <string_view>

#include "api_client/dataset_name.hpp"
#include "api_client/result_name.hpp"
#include "fuzz/property.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/upload_size.hpp"

namespace {

using namespace emeth;
using namespace emeth::network;
using emeth::fuzz::require;

void check_path(std::string_view name) {
    require(!name.empty() && name.size() <= object_name_bytes_max, "a name is bounded");
    require(name.front() != '.' && name.find('/') == name.npos && name.find('\0') == name.npos,
            "a name stays in its folder");
    require(name.find_first_of("?#%\\ ") == name.npos, "a name is in a URL what it is");
}

void check_dataset(std::string_view text) {
    const std::optional<Address> uploader = api_client::uploader_of(text);
    if (!uploader) return;
    const std::optional<JobId> job = job_of_object(text);
    require(job && is_object_name(text), "a dataset's name is an object's");
    require(api_client::dataset_name(*job, *uploader) == text, "a dataset's name is the same, written again");
}

void check_result(std::string_view text, const JobId& job, std::string_view extension) {
    const bool is_result = api_client::is_result_name(text, job, extension);
    const std::optional<Hash256> sha256 = api_client::digest_in(text, job, extension);
    require(is_result || !sha256, "only a result's name holds a digest");
    if (!is_result) return;
    require(is_object_name(text) && job_of_object(text) == job, "a result's name is an object's");
    const std::string_view digits = text.substr(2 * JobId::size_bytes + 1);
    require(text == (sha256 ? api_client::bound_result_name(job, *sha256, extension)
                            : api_client::unbound_result_name(job, digits, extension)),
            "a result's name is the same, written again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    if (is_object_name(text)) check_path(text);
    if (is_extension(text)) check_path(std::string("a").append(text));
    check_dataset(text);
    if (const std::optional<JobId> job = job_of_object(text))
        for (const std::string_view extension : {api_client::result_extension, api_client::evidence_extension})
            check_result(text, *job, extension);
    if (const std::optional<PartLength> length = PartLength::parse(text))
        require(PartLength::parse(length->text()) == length, "a part's length is the same, written again");
    return 0;
}
