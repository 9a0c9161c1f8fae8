#include "runtime/crash_marker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>

#include "runtime/errno_error.hpp"
#include "runtime/log.hpp"

namespace emeth::crash {

namespace detail {
constinit thread_local const Work* at_work = nullptr;
}

namespace {

constexpr std::array crash_signals{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr std::size_t text_bytes_max = 256;
constexpr const char* nothing = "-";
constexpr int signal_number_max = 64;
constexpr std::size_t signal_stack_bytes = 64 << 10;

/// Everything that the handler needs, set before it is installed.
struct Armed {
    int file = -1;
    pid_t process = 0;
    std::array<struct sigaction, crash_signals.size()> former{};
    std::array<char, signal_stack_bytes> stack{};  // for when the io thread's own stack has overflowed
    std::atomic_flag writing = ATOMIC_FLAG_INIT;
};
constinit Armed armed;

/// A line of text built without allocating.
class Line {
public:
    void add(const char* word) {
        for (; *word != '\0' && size_ < text_.size(); ++word) text_[size_++] = *word;
    }
    void add(std::uint64_t number) {
        std::array<char, 21> digits{};
        std::size_t first = digits.size() - 1;
        do {
            digits[--first] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number > 0);
        add(digits.data() + first);
    }
    void write_to(int file) const {
        const bool written = ::pwrite(file, text_.data(), size_, 0) == static_cast<ssize_t>(size_) &&
                             ::ftruncate(file, static_cast<off_t>(size_)) == 0;
        if (written) ::fsync(file);
    }

private:
    std::array<char, text_bytes_max> text_{};
    std::size_t size_ = 0;
};

/// "11 17 download 0x12ab…\n"
void write_marker(int signal, const Work* work) {
    Line line;
    line.add(static_cast<std::uint64_t>(signal));
    line.add(" ");
    line.add(work == nullptr ? 0 : work->position());
    line.add(" ");
    line.add(work == nullptr ? nothing : work->step());
    line.add(" ");
    line.add(work == nullptr ? nothing : work->name());
    line.add("\n");
    line.write_to(armed.file);
}

/// A kill from outside (a watchdog's SIGABRT, say) is not caused by the work. abort() and
/// raise() come from this process.
bool made_by_itself(const siginfo_t& info) {
    return ::getpid() == armed.process && (info.si_code > 0 || info.si_pid == armed.process);
}

/// Only async-signal-safe calls. All of these signals are blocked meanwhile: a fault in here ends the process at once.
void on_crash(int signal, siginfo_t* info, void*) {
    if (made_by_itself(*info)) {
        while (armed.writing.test_and_set()) ::pause();  // another thread was first and is about to end the process
        write_marker(signal, at_work());
    }
    for (std::size_t index = 0; index < crash_signals.size(); ++index)
        if (crash_signals[index] == signal) ::sigaction(signal, &armed.former[index], nullptr);
    ::raise(signal);  // delivered when this returns, with the original stack
}

std::optional<Crash> parse(std::string_view text) {
    if (!text.ends_with('\n')) return std::nullopt;
    text.remove_suffix(1);
    std::array<std::string_view, 4> words;
    for (std::size_t index = 0; index < words.size(); ++index) {
        const auto end = index + 1 < words.size() ? text.find(' ') : text.size();
        if (end == std::string_view::npos || end == 0) return std::nullopt;
        words[index] = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto is_word = [](std::string_view word) {
        return std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    };
    Crash crash;
    const auto number = [](std::string_view word, auto& out) {
        return std::from_chars(word.data(), word.data() + word.size(), out).ptr == word.data() + word.size();
    };
    const bool readable =
        number(words[0], crash.signal) && number(words[1], crash.position) && is_word(words[2]) && is_word(words[3]);
    if (!readable || crash.signal < 1 || crash.signal > signal_number_max) return std::nullopt;
    crash.step = words[2];
    if (words[3] != nothing) crash.work = words[3];
    return crash;
}

Result<std::optional<Crash>> read_left_behind(const std::filesystem::path& path, int file) {
    std::array<char, text_bytes_max + 1> bytes{};
    const ssize_t count = ::pread(file, bytes.data(), bytes.size(), 0);
    if (count < 0) return errno_error("cannot read " + path.string(), errno);
    if (count == 0) return std::optional<Crash>{};
    auto crash = parse(std::string_view(bytes.data(), static_cast<std::size_t>(count)));
    if (crash) return crash;
    spdlog::warn("{} cannot be read and counts for nothing: the power went while it was written", path.string());
    if (::ftruncate(file, 0) != 0) return errno_error("cannot clear " + path.string(), errno);
    return crash;
}

}  // namespace

Work::Work(std::string_view name) {
    std::copy_n(name.begin(), std::min(name.size(), name_bytes_max), name_.begin());
}

void Work::enter(const char* step, std::uint64_t position) {
    step_.store(step, std::memory_order_relaxed);
    position_.store(position, std::memory_order_relaxed);
}

Result<Marker> Marker::open(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return errno_error("cannot open " + path.string(), errno);
    auto left = read_left_behind(path, file.get());
    if (left.has_error()) return left.error();
    return Marker(path, std::move(file), std::move(*left));
}

Result<void> Marker::clear() {
    if (::ftruncate(file_.get(), 0) != 0 || ::fsync(file_.get()) != 0)
        return errno_error("cannot clear " + path_.string(), errno);
    left_behind_.reset();
    return {};
}

void Marker::arm() {
    assert(armed.file == -1 && "another marker of this process is armed");
    armed_ = true;
    armed.file = file_.get();
    armed.process = ::getpid();
    stack_t stack{};
    stack.ss_sp = armed.stack.data();
    stack.ss_size = armed.stack.size();
    ::sigaltstack(&stack, nullptr);
    struct sigaction action{};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int signal : crash_signals) sigaddset(&action.sa_mask, signal);
    for (std::size_t index = 0; index < crash_signals.size(); ++index)
        ::sigaction(crash_signals[index], &action, &armed.former[index]);
}

Marker::~Marker() {
    if (!armed_ || !file_.is_open()) return;  // moved from
    for (std::size_t index = 0; index < crash_signals.size(); ++index)
        ::sigaction(crash_signals[index], &armed.former[index], nullptr);
    armed.file = -1;
}

}  // namespace emeth::crash
