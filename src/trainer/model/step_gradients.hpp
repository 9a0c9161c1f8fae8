// The gradients of a step's sequences, in batches that the memory holds.
#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/log.hpp"
#include "trainer/model/model.hpp"

namespace emeth::trainer {

/// Sequences [begin, end) of a step.
struct Share {
    std::size_t begin = 0, end = 0;
};

/// Also what cuBLAS and the driver say when they find no memory for themselves.
inline bool is_out_of_memory(const c10::Error& error) {
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
    const std::string_view text = error.what_without_backtrace();
    return text.find("CUBLAS_STATUS_ALLOC_FAILED") != std::string_view::npos ||
           text.find("CUBLAS_STATUS_NOT_INITIALIZED") != std::string_view::npos ||
           text.find("CUDA error: out of memory") != std::string_view::npos;
}

/// Makes `gradients` those of `share`, times `gradient_scale`, from batches of at most `micro_batch` sequences.
/// `read(first, count)` gives each Batch. Returns the sum of the tokens' losses. Where a GPU's memory is too small,
/// `micro_batch` is halved and the share begins again; a c10::Error when one sequence is too much. `ready`, unless
/// empty, is told which of the share's gradients are complete while the last of them are computed; from then on, too
/// little memory is an Error.
template <class Read>
double share_gradients(Model& model, at::Tensor& gradients, const Share& share, float gradient_scale,
                       std::int64_t& micro_batch, Read read, const GradientsReady& ready) {
    bool told = false;
    const GradientsReady tell = [&](std::int64_t first) {
        told = true;
        ready(first);
    };
    for (;;) {
        try {
            gradients.zero_();
            for (std::size_t first = share.begin; first < share.end; first += static_cast<std::size_t>(micro_batch)) {
                const std::size_t count = std::min(static_cast<std::size_t>(micro_batch), share.end - first);
                const bool is_last = first + count == share.end;
                model.forward_backward(read(first, count), gradient_scale, is_last && ready ? tell : GradientsReady());
            }
            return model.take_loss_sum();
        } catch (const c10::Error& error) {
            if (told || !is_out_of_memory(error)) throw;
            if (!model.free_memory()) {
                if (micro_batch == 1) throw;
                spdlog::warn("the GPU's memory is too small for {} sequences at once; going on with {}", micro_batch,
                             micro_batch / 2);
                micro_batch /= 2;
            }
        }
        model.take_loss_sum();  // of the batches that will be computed again
    }
}

}  // namespace emeth::trainer
