// The single upload that the master opens for a lease. The worker puts the parts; only the master completes the upload,
// after comparing size and digest with the worker's report. The artifact during training and the evidence while the
// verdict is awaited are two cases of it (Delivered). Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api_client/storage_api_client.hpp"
#include "node/pipeline/job_journal.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// What must be delivered in the JOB's current state.
struct Delivered {
    statemachine::WorkerFile file;
    std::string extension;
    std::string_view open, complete;  ///< names of the effects, for failpoints
    std::string_view done;            ///< the sentence logged on completion
};
/// For a state that delivers something (statemachine/delivery.hpp), once the worker has made it.
Delivered delivered_by(const statemachine::Job& job);

class Upload {
public:
    /// Both must outlive it.
    Upload(api_client::ArtifactStore& artifacts, JobJournal& journal) : artifacts_(artifacts), journal_(journal) {}

    Task<Result<void>> open();
    /// Asks for the URLs of the open upload, which goes on without the parts that it has. Where it cannot be gone on
    /// with, it is aborted, and has been replaced if the server has opened another one by itself.
    Task<Result<void>> fetch_urls();
    /// A permanent refusal by the Storage API (a part is missing, or the stored bytes differ) is answered by opening a
    /// new upload; it is reported as an Error, too.
    Task<Result<void>> complete();
    /// After complete() failed: because what is there is not what the worker says that it made and put.
    [[nodiscard]] bool was_false() const { return was_false_; }
    /// Abandons the upload so that a new one is opened.
    Task<Result<void>> abort(std::string reason);
    /// A part has been uploaded.
    Task<Result<void>> take(worker_protocol::PartUploaded part);

    /// Whether an upload is open whose signed URLs are known. After a restart of the master they are not.
    [[nodiscard]] bool urls_at_hand() const;
    /// The URLs of the next missing parts, as many as one order holds; these parts then count as ordered.
    std::map<std::uint32_t, std::string> order_parts();
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] bool is_ordered() const { return !ordered_.empty(); }
    /// The worker reconnected or failed, so whatever is missing is ordered again.
    void forget_orders() { ordered_.clear(); }
    /// Discards everything known about an open upload: its URLs do not work, or the lease or the draw has changed.
    void forget();

    /// The worker failed while putting parts, `failures` times in a row. URLs that are refused repeatedly are replaced
    /// by new ones. A new upload means putting every part again, so one is opened only when those are refused as well
    /// or, whatever the answers are, when nothing has helped for minutes.
    void note_failure(bool url_refused, std::uint32_t failures);
    void note_progress() { refusals_ = 0; }

private:
    /// The answer to a question for URLs, of a new upload or of the one that is named.
    Task<Result<api_client::OpenedUpload>> ask(std::optional<std::string> upload_id);
    Task<Result<void>> begin(api_client::OpenedUpload opened);
    void take_urls(api_client::OpenedUpload opened);
    void forget_urls();
    Task<Result<void>> check();

    api_client::ArtifactStore& artifacts_;
    JobJournal& journal_;
    std::string id_;                             ///< upload that `urls_` belong to; empty: none known
    std::map<std::uint32_t, std::string> urls_;  ///< signed, by part from 1: never durable, never logged
    std::set<std::uint32_t> ordered_;  ///< parts that this connection was ordered to put and has not reported yet
    std::uint32_t refusals_ = 0;       ///< of the URLs, consecutive
    bool is_hopeless_ = false;         ///< the open upload: a new one shall take its place
    bool was_false_ = false;
};

}  // namespace emeth::node
