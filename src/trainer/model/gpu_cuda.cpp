// gpu.hpp with libtorch's own means.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "runtime/log.hpp"
#include "runtime/utf8.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/libtorch_versions.hpp"

namespace emeth::trainer::gpu {
namespace {

constexpr std::size_t reason_bytes_max = 200;

/// Pinned memory by size. libtorch's own pinned memory notes which streams use it, and cannot be released by another
/// thread while this one records.
class PinnedMemory {
public:
    void* take(std::size_t bytes) {
        {
            const std::scoped_lock lock(mutex_);
            if (const auto found = free_.find(bytes); found != free_.end()) return free_.extract(found).mapped();
        }
        void* memory = nullptr;
        C10_CUDA_CHECK(cudaHostAlloc(&memory, bytes, cudaHostAllocDefault));
        return memory;
    }
    void give_back(void* memory, std::size_t bytes) {
        const std::scoped_lock lock(mutex_);
        free_.emplace(bytes, memory);
    }

private:
    std::mutex mutex_;
    std::multimap<std::size_t, void*> free_;
};

PinnedMemory& pinned_memory() {
    static PinnedMemory memory;
    return memory;
}

std::atomic<bool> recording_failed = false;

}  // namespace

void prepare(const at::Device& device) {
    static thread_local at::DeviceIndex prepared = -1;
    if (!device.is_cuda() || std::exchange(prepared, device.index()) == device.index()) return;
    // An operation without a repeatable algorithm throws. cuBLAS needs CUBLAS_WORKSPACE_CONFIG besides, which main()
    // sets before there are threads.
    at::globalContext().setDeterministicAlgorithms(true, false);
    libtorch::sum_products_in_float32();
    libtorch::leave_new_memory_as_it_is();
    c10::cuda::set_device(device.index());
    at::empty({1}, device);  // starts CUDA on this device
    // Work in the default stream cannot be recorded.
    c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index()));
}

std::string description(const at::Device& device) {
    constexpr long minor_places = 10, major_places = 1'000;  // 13000 is version 13.0
    const long version = at::globalContext().versionCUDART();
    return fmt::format("{}, CUDA {}.{}", at::cuda::getDeviceProperties(device.index())->name, version / major_places,
                       version % major_places / minor_places);
}

bool is_built_in() {
    return true;
}

at::Tensor host_memory(at::IntArrayRef shape) {
    const auto bytes = static_cast<std::size_t>(c10::multiply_integers(shape)) * sizeof(float);
    void* const memory = pinned_memory().take(bytes);
    return at::from_blob(
        memory, shape, [bytes](void* released) { pinned_memory().give_back(released, bytes); }, at::kFloat);
}

void free_unused_memory() {
    c10::cuda::CUDACachingAllocator::emptyCache();
}

struct Event::Impl {
    at::cuda::CUDAEvent event;
};
Event::Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;

void Event::record(const at::Device& device) {
    if (!device.is_cuda()) return;
    impl_ = std::make_unique<Impl>();
    impl_->event.record(c10::cuda::getCurrentCUDAStream(device.index()));
}

void Event::wait() const {
    if (impl_) impl_->event.synchronize();
}

struct Recording::Impl {
    at::cuda::CUDAGraph graph;
};
Recording::Recording() = default;
Recording::~Recording() = default;

bool Recording::record(const std::function<void()>& work) {
    forget();
#if EMETH_TORCH_FROM(2, 4)
    if (recording_failed) return false;
    auto made = std::make_unique<Impl>();
    const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
    bool ended = false;
    try {
        free_unused_memory();  // a recording has memory of its own
        // Other threads go on using the device meanwhile.
        made->graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
        try {
            work();
        } catch (const std::exception& exception) {
            spdlog::info("launches are not recorded: {}", one_line(exception.what(), reason_bytes_max));
            recording_failed = true;
        }
        made->graph.capture_end();  // throws where something in between could not be recorded
        ended = true;
    } catch (const std::exception& exception) {
        spdlog::info("launches are not recorded: {}", one_line(exception.what(), reason_bytes_max));
        recording_failed = true;
    }
    // libtorch 2.6 then still takes new tensors for those of the recording.
    if (!ended) {
        const auto device = c10::cuda::current_device();
        c10::cuda::CUDACachingAllocator::endAllocateToPool(device, pool);
        c10::cuda::CUDACachingAllocator::releasePool(device, pool);
    }
    if (recording_failed) return false;
    impl_ = std::move(made);
    return true;
#else
    (void)work;
    recording_failed = true;
    return false;
#endif
}

bool Recording::is_recorded() const {
    return impl_ != nullptr;
}

void Recording::repeat() {
    impl_->graph.replay();
}

void Recording::forget() {
    impl_.reset();
}

}  // namespace emeth::trainer::gpu
