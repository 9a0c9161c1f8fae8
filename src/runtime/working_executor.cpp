#include "runtime/working_executor.hpp"

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <type_traits>
#include <utility>

namespace emeth {
namespace {

/// All properties (blocking, outstanding work, the context) are those of the inner executor.
class WorkingExecutor {
public:
    WorkingExecutor(std::shared_ptr<const crash::Work> work, asio::any_io_executor inner)
        : work_(std::move(work)), inner_(std::move(inner)) {}

    template <class Property>
        requires asio::can_query_v<const asio::any_io_executor&, Property>
    decltype(auto) query(const Property& property) const {
        return asio::query(inner_, property);
    }
    template <class Property>
        requires asio::can_require_v<const asio::any_io_executor&, Property>
    WorkingExecutor require(const Property& property) const {
        return {work_, asio::require(inner_, property)};
    }
    template <class Property>
        requires asio::can_prefer_v<const asio::any_io_executor&, Property>
    WorkingExecutor prefer(const Property& property) const {
        return {work_, asio::prefer(inner_, property)};
    }

    template <class Function>
    void execute(Function&& function) const {
        inner_.execute([work = work_, function = std::decay_t<Function>(std::forward<Function>(function))]() mutable {
            const crash::AtWork mark(work.get());
            std::move(function)();
        });
    }

    friend bool operator==(const WorkingExecutor& left, const WorkingExecutor& right) noexcept {
        return left.work_ == right.work_ && left.inner_ == right.inner_;
    }

private:
    std::shared_ptr<const crash::Work> work_;
    asio::any_io_executor inner_;
};

}  // namespace

asio::any_io_executor working_on(std::shared_ptr<const crash::Work> work, asio::any_io_executor inner) {
    return WorkingExecutor(std::move(work), std::move(inner));
}

}  // namespace emeth
