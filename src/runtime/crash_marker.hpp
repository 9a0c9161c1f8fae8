// What the process was working on when it crashed: an abort, an uncaught exception or a memory fault writes it to a
// file that was opened beforehand, and the next start reads it. SIGKILL, a power cut, a signal from outside and the
// death of a child write nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/file_descriptor.hpp"
#include "runtime/result.hpp"

namespace emeth::crash {

/// A piece of work that may cause a crash. A signal handler on any thread may read it, so it must outlive everything
/// that is done on its behalf.
class Work {
public:
    static constexpr std::size_t name_bytes_max = 48;

    /// `name`: one word; longer names are truncated.
    explicit Work(std::string_view name);
    /// The step that is being worked on. `step`: a literal of one word; `position`: its progress, from 0.
    void enter(const char* step, std::uint64_t position);

    [[nodiscard]] const char* name() const { return name_.data(); }
    [[nodiscard]] const char* step() const { return step_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t position() const { return position_.load(std::memory_order_relaxed); }

private:
    std::array<char, name_bytes_max + 1> name_{};
    std::atomic<const char*> step_{"start"};
    std::atomic<std::uint64_t> position_{0};
};

namespace detail {
extern constinit thread_local const Work* at_work;
}

/// What this thread is working on; null: nothing in particular.
inline const Work* at_work() {
    return detail::at_work;
}

/// Marks this thread as working on `work` for as long as the mark lives.
class AtWork {
public:
    explicit AtWork(const Work* work) : former_(detail::at_work) { detail::at_work = work; }
    AtWork(const AtWork&) = delete;
    AtWork& operator=(const AtWork&) = delete;
    ~AtWork() { detail::at_work = former_; }

private:
    const Work* former_;
};

/// How a process ended itself.
struct Crash {
    int signal = 0;
    std::uint64_t position = 0;
    std::string step;
    std::string work;  ///< empty: nothing in particular
};

class Marker {
public:
    /// Reads what the last process left in `file`, and keeps the file open, creating it if missing. A file that cannot
    /// be read (the power failed while it was being written) counts as empty.
    static Result<Marker> open(const std::filesystem::path& file);
    Marker(Marker&&) noexcept = default;
    Marker& operator=(Marker&&) = delete;
    /// Disarms.
    ~Marker();

    [[nodiscard]] const std::optional<Crash>& left_behind() const { return left_behind_; }
    /// Clears the file durably once its contents have been dealt with.
    Result<void> clear();

    /// From now on a crash of this process (not of its children) overwrites the file. At most one marker per process is
    /// armed. Call it on the main thread, so that an overflow of its stack is recorded as well.
    void arm();

private:
    Marker(std::filesystem::path path, FileDescriptor file, std::optional<Crash> left)
        : path_(std::move(path)), file_(std::move(file)), left_behind_(std::move(left)) {}

    std::filesystem::path path_;
    FileDescriptor file_;
    std::optional<Crash> left_behind_;
    bool armed_ = false;
};

}  // namespace emeth::crash
