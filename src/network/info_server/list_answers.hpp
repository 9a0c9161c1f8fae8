// The answers of GET /api/v1/jobs as text, each made once for as long as the list does not change. Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "network/info_server/list_query.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "storage/job_list.hpp"

namespace emeth::network {

boost::json::object listed_json(const storage::IndexedJob& job);

struct ListAnswer {
    std::string body;
    std::string etag;
    std::optional<JobId> next;  ///< there are more JOBs behind this one
};

class ListAnswers {
public:
    static constexpr std::size_t answers_max = 64;
    static constexpr std::size_t answer_bytes_max = 16 << 20;  ///< JOBs that do not fit are left for the next page
    static constexpr std::size_t bytes_max = 64 << 20;         ///< of all that are kept
    using Answer = std::shared_ptr<const ListAnswer>;

    /// `list` and `pool` must outlive it.
    ListAnswers(asio::any_io_executor executor, storage::JobList& list, BlockingPool& pool)
        : list_(list), pool_(pool), making_(std::move(executor)) {}

    /// `version`: of the list; it grows with each change.
    Task<Result<Answer>> answer(ListQuery query, std::uint64_t version);
    /// The same if it is there already, without a coroutine's cost.
    [[nodiscard]] Answer kept(const std::string& query, std::uint64_t version) const;

private:
    struct Kept {
        Answer answer;
        std::uint64_t version = 0;
    };
    void keep(const std::string& query, Answer answer, std::uint64_t version);

    storage::JobList& list_;
    BlockingPool& pool_;
    AsyncMutex making_;
    std::map<std::string, Kept> kept_;  ///< by canonical_text()
    std::size_t bytes_ = 0;
};

}  // namespace emeth::network
