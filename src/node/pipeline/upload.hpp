// The one upload that the master opens for a lease and alone completes, after comparing size and digest with what the
// worker reported; the worker puts the parts. The artifact while training and the evidence while the verdict is awaited
// are two values of it (Delivered). Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "api_client/storage_api_client.hpp"
#include "node/pipeline/job_journal.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// What the JOB's state has to deliver.
struct Delivered {
    statemachine::WorkerFile file;
    std::string extension;
    std::string_view open, complete;  ///< names of the effects, for failpoints
    std::string_view done;            ///< the sentence when it is over
};
/// In a state that delivers something (statemachine/delivery.hpp), when the worker has made it.
Delivered delivered_by(const statemachine::Job& job);

class Upload {
public:
    /// Both must outlive it.
    Upload(api_client::ArtifactStore& artifacts, JobJournal& journal) : artifacts_(artifacts), journal_(journal) {}

    Task<Result<void>> open();
    /// What the Storage API says for ever of this upload (a part is missing, other bytes lie there) is answered by a
    /// new upload; that is an Error, too.
    Task<Result<void>> complete();
    /// To be opened anew.
    Task<Result<void>> abort(std::string reason);
    /// A part is there.
    Task<Result<void>> take(worker_protocol::PartUploaded part);

    /// Whether the open upload's signed URLs are known. They are not after a restart of the master.
    [[nodiscard]] bool urls_at_hand() const;
    /// Those of the next missing parts, as many as one order holds; they count as ordered.
    std::map<std::uint32_t, std::string> order_parts();
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] bool is_ordered() const { return !ordered_.empty(); }
    /// The worker's connection is a new one, or it failed: what is missing is ordered again.
    void forget_orders() { ordered_.clear(); }
    /// Nothing is known of an open upload any more: its URLs do not work, or the lease or the draw is another.
    void forget();

    /// The worker failed while it put parts, `failures` times in a row. A new upload costs all parts that were put: it
    /// is opened when the URLs are refused, not for one bad answer; and, whatever the answers are, when nothing helps
    /// for minutes.
    void note_failure(bool url_refused, std::uint32_t failures);
    void note_progress() { refusals_ = 0; }

private:
    Task<Result<void>> check();

    api_client::ArtifactStore& artifacts_;
    JobJournal& journal_;
    std::string id_;                             ///< of `urls_`; empty: none at hand
    std::map<std::uint32_t, std::string> urls_;  ///< signed, by part from 1: never durable, never logged
    std::set<std::uint32_t> ordered_;            ///< parts that this connection is to put, and has not reported yet
    std::uint32_t refusals_ = 0;                 ///< of the URLs, in a row
};

}  // namespace emeth::node
