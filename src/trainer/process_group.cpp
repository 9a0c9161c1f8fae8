#include "trainer/process_group.hpp"

#include <fmt/format.h>

#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
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

/// libtorch's messages go on with the place in its sources and a stack.
Error failure(std::string_view operation, const std::exception& exception) {
    std::string reason = exception.what();
    reason = reason.substr(0, reason.find('\n')).substr(0, reason_characters_max);
    return transient_error(fmt::format("{} with the other workers failed: {}", operation, reason));
}

/// What Gloo needs of a store: to set, and to wait for what others set.
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
    [[noreturn]] static std::int64_t not_used() { throw std::logic_error("Gloo asks its store for more than it did"); }

    MeetingPlace& meeting_;
    std::string name_;
};

}  // namespace

struct ProcessGroup::Impl {
    c10::intrusive_ptr<Gloo> group;
};

ProcessGroup::ProcessGroup(std::unique_ptr<Impl> impl, Place place) : impl_(std::move(impl)), place_(place) {}
ProcessGroup::~ProcessGroup() = default;

Result<std::unique_ptr<ProcessGroup>> ProcessGroup::form(MeetingPlace& meeting, std::string name, Place place,
                                                         const std::string& host, Milliseconds timeout) try {
    auto options = Gloo::Options::create(timeout);
    options->threads = threads_of_group;
    options->devices.push_back(Gloo::createDeviceForHostname(host));
    const auto store = c10::make_intrusive<StoreOfMeeting>(meeting, std::move(name), timeout);
    auto impl = std::make_unique<Impl>();
    impl->group = c10::make_intrusive<Gloo>(store, place.rank, place.size, std::move(options));
    return std::unique_ptr<ProcessGroup>(new ProcessGroup(std::move(impl), place));
} catch (const std::exception& exception) {
    return failure("forming a group", exception);
}

Result<void> ProcessGroup::broadcast(at::Tensor tensor) try {
    std::vector<at::Tensor> tensors{std::move(tensor)};
    impl_->group->broadcast(tensors)->wait();
    return {};
} catch (const std::exception& exception) {
    return failure("sharing the state", exception);
}

Result<void> ProcessGroup::all_reduce(at::Tensor tensor) try {
    std::vector<at::Tensor> tensors{std::move(tensor)};
    impl_->group->allreduce(tensors)->wait();
    return {};
} catch (const std::exception& exception) {
    return failure("summing the gradients", exception);
}

}  // namespace emeth::trainer
