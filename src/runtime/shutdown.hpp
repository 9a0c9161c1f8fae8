// The signals of a daemon as something to wait for: SIGINT and SIGTERM for its orderly end, SIGHUP for new settings.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "runtime/task.hpp"

namespace emeth {

/// Takes over SIGINT and SIGTERM for as long as it lives; a signal that nobody waits for yet is kept. Io thread only.
class Shutdown {
public:
    explicit Shutdown(const asio::any_io_executor& executor);

    /// The number of the next signal, SIGTERM after request(). May be awaited again: a second Ctrl-C means "at once".
    /// One waiter at a time. Throws operation_aborted when the waiter is cancelled.
    Task<int> wait();
    /// As if SIGTERM had come.
    void request();

private:
    asio::signal_set signals_;
    bool requested_ = false;
};

/// SIGHUP as something to wait for, by convention the wish to read the settings again. Takes it over for as long as it
/// lives, and keeps one that nobody waits for yet. Io thread only.
class HangUp {
public:
    explicit HangUp(const asio::any_io_executor& executor);
    /// One waiter at a time. Throws operation_aborted when the waiter is cancelled.
    Task<> wait();

private:
    asio::signal_set signals_;
};

/// Ignores SIGPIPE: if a peer has closed its connection, the write fails instead of ending the process.
void ignore_sigpipe();

}  // namespace emeth
