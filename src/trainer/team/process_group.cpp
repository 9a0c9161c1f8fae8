#include "trainer/team/process_group.hpp"

#include <fmt/format.h>

#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>
#include <vector>

namespace emeth::trainer {
namespace {

using Gloo = c10d::ProcessGroupGloo;

constexpr int threads_of_group = 1;
constexpr std::size_t reason_characters_max = 200;
constexpr std::int64_t elements_of_slice = 4 << 20;

/// libtorch appends the place in its sources and a stack trace to its messages.
Error failure(std::string_view operation, const std::exception& exception) {
    std::string reason = exception.what();
    reason = reason.substr(0, reason.find('\n')).substr(0, reason_characters_max);
    return transient_error(fmt::format("{} with the other workers failed: {}", operation, reason));
}

/// The part of a store that Gloo needs: to set values, and to wait for those of others.
class StoreOfMeeting final : public c10d::Store {
public:
    StoreOfMeeting(MeetingPlace& meeting, std::string name, Milliseconds timeout)
        : c10d::Store(timeout), meeting_(meeting), name_(std::move(name)) {}

    void set(const std::string& key, const std::vector<std::uint8_t>& value) override {
        if (Result<void> done = meeting_.set(name_ + "/" + key, std::string(value.begin(), value.end())); !done)
            throw std::runtime_error(done.error().message);
    }
    std::vector<std::uint8_t> get(const std::string& key) override { return get_in_time(key, timeout_); }
    void wait(const std::vector<std::string>& keys) override { wait(keys, timeout_); }
    void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) override {
        for (const std::string& key : keys) get_in_time(key, timeout);
    }

    std::int64_t add(const std::string&, std::int64_t) override { return not_used(); }
    bool deleteKey(const std::string&) override { return not_used() != 0; }
    bool check(const std::vector<std::string>&) override { return not_used() != 0; }
    std::int64_t getNumKeys() override { return not_used(); }

private:
    std::vector<std::uint8_t> get_in_time(const std::string& key, std::chrono::milliseconds timeout) {
        const Result<std::string> value = meeting_.get(name_ + "/" + key, timeout);
        if (!value) throw std::runtime_error(value.error().message);
        return {value->begin(), value->end()};
    }
    [[noreturn]] static std::int64_t not_used() {
        throw std::logic_error("Gloo calls a function of its store that it did not use before");
    }

    MeetingPlace& meeting_;
    std::string name_;
};

}  // namespace

struct ProcessGroup::Impl {
    c10::intrusive_ptr<Gloo> group;
};

ProcessGroup::ProcessGroup(std::unique_ptr<Impl> impl, Place place, Milliseconds timeout)
    : impl_(std::move(impl)), place_(place), timeout_(timeout) {}
ProcessGroup::~ProcessGroup() = default;

bool ProcessGroup::is_available() {
    return true;
}

Result<std::unique_ptr<ProcessGroup>> ProcessGroup::form(MeetingPlace& meeting, std::string name, Place place,
                                                         const std::string& host, Milliseconds timeout) try {
    auto options = Gloo::Options::create(timeout);
    options->threads = threads_of_group;
    options->devices.push_back(Gloo::createDeviceForHostname(host));
    const auto store = c10::make_intrusive<StoreOfMeeting>(meeting, std::move(name), timeout);
    auto impl = std::make_unique<Impl>();
    impl->group = c10::make_intrusive<Gloo>(store, place.rank, place.size, std::move(options));
    return std::unique_ptr<ProcessGroup>(new ProcessGroup(std::move(impl), place, timeout));
} catch (const std::exception& exception) {
    return failure("forming a group", exception);
}

template <class Operation>
Result<void> ProcessGroup::by_slices(const char* name, const at::Tensor& tensor, Operation operation) try {
    const Milliseconds end = system_clock().monotonic() + 2 * timeout_;
    for (std::int64_t first = 0; first < tensor.numel(); first += elements_of_slice) {
        if (first > 0 && system_clock().monotonic() > end)
            return transient_error(
                fmt::format("{} with the other workers took longer than {} ms", name, 2 * timeout_.count()));
        std::vector<at::Tensor> slice{tensor.narrow(0, first, std::min(elements_of_slice, tensor.numel() - first))};
        operation(slice)->wait();
    }
    return {};
} catch (const std::exception& exception) {
    return failure(name, exception);
}

Result<void> ProcessGroup::broadcast(at::Tensor tensor) {
    return by_slices("sharing the state", tensor, [this](auto& slice) { return impl_->group->broadcast(slice); });
}

Result<void> ProcessGroup::all_reduce(at::Tensor tensor) {
    return by_slices("summing the gradients", tensor, [this](auto& slice) { return impl_->group->allreduce(slice); });
}

}  // namespace emeth::trainer
