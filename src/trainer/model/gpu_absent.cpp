// gpu.hpp for a libtorch without CUDA: there are no devices but the CPU, whose work is done when a call returns.
#include <ATen/ATen.h>

#include "trainer/model/gpu.hpp"

namespace emeth::trainer::gpu {

void prepare(const at::Device&) {}
std::string description(const at::Device&) {
    return "";
}
bool is_built_in() {
    return false;
}
at::Tensor host_memory(at::IntArrayRef shape) {
    return at::empty(shape, at::kFloat);  // nothing asks: there is no device to copy from
}
void free_unused_memory() {}

struct Event::Impl {};
Event::Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;
void Event::record(const at::Device&) {}
void Event::wait() const {}

struct Recording::Impl {};
Recording::Recording() = default;
Recording::~Recording() = default;
bool Recording::record(const std::function<void()>&) {
    return false;
}
bool Recording::is_recorded() const {
    return false;
}
void Recording::repeat() {}
void Recording::forget() {}

}  // namespace emeth::trainer::gpu
