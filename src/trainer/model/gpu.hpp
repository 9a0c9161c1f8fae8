// What only a GPU needs: a stream, events, its memory, and launches that are recorded once and repeated as one. With a
// libtorch for CPUs alone all of it does nothing, so that no other file asks how libtorch was built.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>

namespace emeth::trainer::gpu {

/// From now on this thread's work on `device` is queued in a stream of its own, and gives the same bits whenever it is
/// repeated. To be called before the first tensor is made there; once is enough. The environment must hold
/// CUBLAS_WORKSPACE_CONFIG=:4096:8. Nothing for the CPU.
void prepare(const at::Device& device);

/// "NVIDIA H200, CUDA 13.0": what rounding depends on, besides libtorch.
std::string description(const at::Device& device);

/// Whether this build can compute on GPUs at all.
bool is_built_in();

/// Memory of this process that a GPU copies into by itself, float32 of `shape`; what is released is kept for the next
/// one of that size. Any thread.
at::Tensor host_memory(at::IntArrayRef shape);

/// Gives back what libtorch holds for later tensors.
void free_unused_memory();

/// A place in a device's queue. Used by one thread at a time.
class Event {
public:
    Event();
    Event(Event&&) noexcept;
    Event& operator=(Event&&) noexcept;
    ~Event();
    /// Marks the end of what this thread has queued on `device`.
    void record(const at::Device& device);
    /// Blocks until the device has come there; returns at once when nothing was recorded.
    void wait() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The launches of one piece of work (a CUDA graph). Where a step is many small launches, starting each of them takes
/// longer than computing it.
class Recording {
public:
    Recording();
    ~Recording();
    /// Records what `work` queues, without computing it. It must have run before, touch the same tensors each time and
    /// wait for nothing. False when that cannot be recorded, and from then on in this process: nothing has changed, but
    /// libtorch is not asked again.
    bool record(const std::function<void()>& work);
    [[nodiscard]] bool is_recorded() const;
    /// Queues what was recorded.
    void repeat();
    void forget();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::trainer::gpu
