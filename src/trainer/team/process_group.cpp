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

constexpr int threads_of_group = 2;  // one sends while the other waits for the slice before it
constexpr std::size_t reason_characters_max = 200;
constexpr std::int64_t elements_of_broadcast = 4 << 20;
constexpr std::string_view summing = "summing the gradients";

using WorkPtr = decltype(std::declval<Gloo&>().barrier());

/// libtorch appends the place in its sources and a stack trace to its messages.
Error failure(std::string_view operation, const std::exception& exception) {
    std::string reason = exception.what();
    reason = reason.substr(0, reason.find('\n')).substr(0, reason_characters_max);
    return transient_error(fmt::format("{} with the other workers failed: {}", operation, reason));
}

template <class Operation>
Result<void> attempt(std::string_view name, Operation operation) try {
    operation();
    return {};
} catch (const std::exception& exception) {
    return failure(name, exception);
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

void round_to_bf16(const float* in, std::int64_t count, at::BFloat16* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = in[i];
}

void add(const at::BFloat16* terms, std::int64_t count, float* sums) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += terms[i];
}

class ExactSum final : public ProcessGroup::Sum {
public:
    ExactSum(Gloo& group, const at::Tensor& tensor) {
        std::vector<at::Tensor> tensors{tensor};
        work_ = group.allreduce(tensors);
    }
    Result<void> go_on() override { return {}; }
    Result<void> finish() override {
        return attempt(summing, [&] { work_->wait(); });
    }

private:
    WorkPtr work_;
};

/// Each member sums up a part of its own and sends the sum to the others. Gloo of libtorch 1.13 does not know bfloat16,
/// so bytes are exchanged, and summed by this thread alone: those of libtorch compute meanwhile.
class RoundedSum final : public ProcessGroup::Sum {
public:
    RoundedSum(Gloo& group, ProcessGroup::Place place, at::Tensor tensor)
        : group_(group),
          place_(place),
          tensor_(std::move(tensor)),
          part_((tensor_.numel() + place.size - 1) / place.size),
          sent_(at::empty({part_ * place.size}, at::kBFloat16)),
          received_(at::empty_like(sent_)) {
        round_to_bf16(tensor_.data_ptr<float>(), tensor_.numel(), sent_.data_ptr<at::BFloat16>());
        exchange();
    }

    Result<void> go_on() override {
        return attempt(summing, [&] {
            work_->wait();
            const std::int64_t length = begin_of(place_.rank + 1) - begin_of(place_.rank);
            float* const own = tensor_.data_ptr<float>() + begin_of(place_.rank);
            for (int rank = 0; rank < place_.size; ++rank)
                if (rank != place_.rank) add(part_of(received_, rank), length, own);
            for (int rank = 0; rank < place_.size; ++rank) round_to_bf16(own, length, part_of(sent_, rank));
            exchange();
        });
    }
    Result<void> finish() override {
        return attempt(summing, [&] {
            work_->wait();
            std::copy_n(received_.data_ptr<at::BFloat16>(), tensor_.numel(), tensor_.data_ptr<float>());
        });
    }

private:
    /// The r-th of `sent_`'s equal parts goes to rank r; the r-th of `received_` comes from there. Gloo keeps the
    /// memory, also when nobody waits for the end.
    void exchange() {
        at::Tensor out = received_.view(at::kByte), in = sent_.view(at::kByte);
        std::vector<std::int64_t> evenly;
        work_ = group_.alltoall_base(out, in, evenly, evenly);
    }
    /// In the tensor. What is left of it, which may be nothing, is for the last ones.
    [[nodiscard]] std::int64_t begin_of(int rank) const { return std::min(tensor_.numel(), rank * part_); }
    [[nodiscard]] at::BFloat16* part_of(const at::Tensor& parts, int rank) const {
        return parts.data_ptr<at::BFloat16>() + rank * part_;
    }

    Gloo& group_;
    ProcessGroup::Place place_;
    at::Tensor tensor_;
    std::int64_t part_;
    at::Tensor sent_, received_;
    WorkPtr work_;
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

Result<void> ProcessGroup::broadcast(at::Tensor tensor) {
    constexpr std::string_view name = "sharing the state";
    const Milliseconds end = system_clock().monotonic() + 2 * timeout_;
    for (std::int64_t first = 0; first < tensor.numel(); first += elements_of_broadcast) {
        if (first > 0 && system_clock().monotonic() > end)
            return transient_error(
                fmt::format("{} with the other workers took longer than {} ms", name, 2 * timeout_.count()));
        std::vector<at::Tensor> slice{tensor.narrow(0, first, std::min(elements_of_broadcast, tensor.numel() - first))};
        if (auto shared = attempt(name, [&] { impl_->group->broadcast(slice)->wait(); }); shared.has_error())
            return shared;
    }
    return {};
}

Result<void> ProcessGroup::all_reduce(at::Tensor tensor) {
    std::vector<at::Tensor> tensors{std::move(tensor)};
    return attempt(summing, [&] { impl_->group->allreduce(tensors)->wait(); });
}

Result<std::unique_ptr<ProcessGroup::Sum>> ProcessGroup::begin_sum(at::Tensor tensor, Precision precision) {
    std::unique_ptr<Sum> sum;
    const auto begun = attempt(summing, [&] {
        if (precision == Precision::bf16)
            sum = std::make_unique<RoundedSum>(*impl_->group, place_, std::move(tensor));
        else
            sum = std::make_unique<ExactSum>(*impl_->group, tensor);
    });
    if (begun.has_error()) return begun.error();
    return sum;
}

}  // namespace emeth::trainer
