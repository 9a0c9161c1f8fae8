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
constexpr std::int64_t elements_of_broadcast = 4 << 20;
constexpr const char* summing = "summing the gradients";

using Rounded = std::vector<at::BFloat16>;

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

void round_to_bf16(const float* in, std::int64_t count, at::BFloat16* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = in[i];
}

void add(const at::BFloat16* terms, std::int64_t count, float* sums) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += terms[i];
}

}  // namespace

struct ProcessGroup::Impl {
    c10::intrusive_ptr<Gloo> group;

    void sum_rounded(const at::Tensor& tensor, Place place);
    void exchange(Rounded& sent, Rounded& received) const;
};

/// Each member sums up a part of its own and sends the sum to the others. Gloo of libtorch 1.13 does not know bfloat16,
/// so bytes are exchanged, and summed by this thread alone: those of libtorch compute meanwhile.
void ProcessGroup::Impl::sum_rounded(const at::Tensor& tensor, Place place) {
    const std::int64_t part = (tensor.numel() + place.size - 1) / place.size;  // what is left of it, for the last ones
    const auto begin_of = [&](int rank) { return std::min(tensor.numel(), rank * part); };
    const std::int64_t own_length = begin_of(place.rank + 1) - begin_of(place.rank);
    float* const values = tensor.data_ptr<float>();
    float* const own = values + begin_of(place.rank);
    Rounded sent(static_cast<std::size_t>(part * place.size)), received(sent.size());

    round_to_bf16(values, tensor.numel(), sent.data());
    exchange(sent, received);
    for (int rank = 0; rank < place.size; ++rank)
        if (rank != place.rank) add(received.data() + rank * part, own_length, own);
    for (int rank = 0; rank < place.size; ++rank) round_to_bf16(own, own_length, sent.data() + rank * part);
    exchange(sent, received);
    std::copy_n(received.begin(), tensor.numel(), values);
}

/// The r-th of `sent`'s equal parts goes to rank r; the r-th of `received` comes from there.
void ProcessGroup::Impl::exchange(Rounded& sent, Rounded& received) const {
    const auto bytes = [](Rounded& of) {
        return at::from_blob(of.data(), {static_cast<std::int64_t>(of.size() * sizeof(at::BFloat16))}, at::kByte);
    };
    at::Tensor in = bytes(sent), out = bytes(received);
    std::vector<std::int64_t> evenly;
    group->alltoall_base(out, in, evenly, evenly)->wait();
}

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
Result<void> ProcessGroup::attempt(const char* name, Operation operation) try {
    return operation();
} catch (const std::exception& exception) {
    return failure(name, exception);
}

Result<void> ProcessGroup::broadcast(at::Tensor tensor) {
    constexpr const char* name = "sharing the state";
    const Milliseconds end = system_clock().monotonic() + 2 * timeout_;
    return attempt(name, [&]() -> Result<void> {
        for (std::int64_t first = 0; first < tensor.numel(); first += elements_of_broadcast) {
            if (first > 0 && system_clock().monotonic() > end)
                return transient_error(
                    fmt::format("{} with the other workers took longer than {} ms", name, 2 * timeout_.count()));
            std::vector<at::Tensor> slice{
                tensor.narrow(0, first, std::min(elements_of_broadcast, tensor.numel() - first))};
            impl_->group->broadcast(slice)->wait();
        }
        return {};
    });
}

Result<void> ProcessGroup::all_reduce(at::Tensor tensor) {
    return attempt(summing, [&]() -> Result<void> {
        std::vector<at::Tensor> tensors{tensor};
        impl_->group->allreduce(tensors)->wait();
        return {};
    });
}

Result<void> ProcessGroup::all_reduce_rounded(at::Tensor tensor) {
    return attempt(summing, [&]() -> Result<void> {
        impl_->sum_rounded(tensor, place_);
        return {};
    });
}

}  // namespace emeth::trainer
