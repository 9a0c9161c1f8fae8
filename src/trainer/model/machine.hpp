// What the speed of training depends on, in one line.
#pragma once

#include <string>

#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// "Intel(R) Xeon(R) Platinum 8488C, 16 GiB; libtorch 5d3c9f0e; oneDNN 2.7.2; OpenBLAS 0.3.21 …; 2 threads, cpu, auto".
/// libtorch is named by a digest of its own account of its version, build and use of the processor. `options` were
/// accepted by resolve_compute(): the device exists.
std::string machine_description(const trainer_protocol::ComputeOptions& options);

/// "OpenBLAS 0.3.21 … SkylakeX MAX_THREADS=64" or "MKL"; empty where libtorch multiplies with neither, so probably with
/// the reference BLAS, which is some fifty times slower.
std::string blas_description();

/// The libraries that compute, and the kernels that they chose on this processor: what rounding depends on.
/// "libtorch 1.13.1 AVX512, oneDNN 2.7.2 isa 3e7, OpenBLAS SkylakeX".
std::string library_description();

}  // namespace emeth::trainer
