// What libtorch calls otherwise from one version to the next, from 1.13 on: everything else is the same in all.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/csrc/api/include/torch/version.h>

namespace emeth::trainer::libtorch {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)

inline bool is_autocast_enabled(c10::DeviceType device) {
    return at::autocast::is_autocast_enabled(device);
}
inline void set_autocast_enabled(c10::DeviceType device, bool enabled) {
    at::autocast::set_autocast_enabled(device, enabled);
}
inline void set_autocast_dtype(c10::DeviceType device, c10::ScalarType type) {
    at::autocast::set_autocast_dtype(device, type);
}

#else

inline bool is_autocast_enabled(c10::DeviceType device) {
    return device == c10::DeviceType::CUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
inline void set_autocast_enabled(c10::DeviceType device, bool enabled) {
    device == c10::DeviceType::CUDA ? at::autocast::set_enabled(enabled) : at::autocast::set_cpu_enabled(enabled);
}
inline void set_autocast_dtype(c10::DeviceType device, c10::ScalarType type) {
    device == c10::DeviceType::CUDA ? at::autocast::set_autocast_gpu_dtype(type)
                                    : at::autocast::set_autocast_cpu_dtype(type);
}

#endif

}  // namespace emeth::trainer::libtorch
