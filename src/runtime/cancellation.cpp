#include "runtime/cancellation.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/system/system_error.hpp>

namespace emeth {

bool is_cancellation(const std::exception_ptr& error) {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == boost::asio::error::operation_aborted ||
               thrown.code() == boost::asio::experimental::error::channel_cancelled;
    } catch (...) {
        return false;
    }
}

}  // namespace emeth
