#include "runtime/parallel.hpp"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace emeth {

void on_threads(unsigned threads, const std::function<void()>& work) {
    std::mutex mutex;
    std::exception_ptr first;
    const auto caught = [&] {
        try {
            work();
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!first) first = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        for (unsigned number = 1; number < threads; ++number) others.emplace_back(caught);
        caught();
    }
    if (first) std::rethrow_exception(first);
}

}  // namespace emeth
