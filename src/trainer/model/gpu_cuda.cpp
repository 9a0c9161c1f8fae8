// gpu.hpp with libtorch's own means.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include "runtime/log.hpp"
#include "runtime/utf8.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/libtorch_versions.hpp"

namespace emeth::trainer::gpu {
namespace {

constexpr std::size_t reason_bytes_max = 200;

void begin(at::cuda::CUDAGraph& graph) {
#if EMETH_TORCH_FROM(2, 1)
    // Other threads go on using the device meanwhile.
    graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
#else
    graph.capture_begin();
#endif
}

}  // namespace

void prepare(const at::Device& device) {
    static thread_local at::DeviceIndex prepared = -1;
    if (!device.is_cuda() || std::exchange(prepared, device.index()) == device.index()) return;
    // An operation without a repeatable algorithm throws. cuBLAS needs CUBLAS_WORKSPACE_CONFIG besides, which main()
    // sets before there are threads.
    at::globalContext().setDeterministicAlgorithms(true, false);
    libtorch::sum_products_in_float32();
    c10::cuda::set_device(device.index());
    at::empty({1}, device);  // starts CUDA on this device
    // Work in the default stream cannot be recorded.
    c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index()));
}

std::string description(const at::Device& device) {
    constexpr int minor_places = 10, major_places = 1'000;  // 13000 is version 13.0
    return fmt::format("{}, CUDA {}.{}", at::cuda::getDeviceProperties(device.index())->name,
                       CUDART_VERSION / major_places, CUDART_VERSION % major_places / minor_places);
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
    auto made = std::make_unique<Impl>();
    bool begun = false;
    try {
        begin(made->graph);
        begun = true;
        work();
        begun = false;
        made->graph.capture_end();
    } catch (const std::exception& exception) {
        spdlog::info("launches are not recorded: {}", one_line(exception.what(), reason_bytes_max));
        // Ends the recording on the device, too; it throws because there is nothing to show for it.
        try {
            if (begun) made->graph.capture_end();
        } catch (const std::exception&) {
        }
        return false;
    }
    impl_ = std::move(made);
    return true;
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
