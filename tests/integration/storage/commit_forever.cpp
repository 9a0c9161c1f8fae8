// commit_forever FOLDER SEED: opens the store and commits random events for several JOBs from as many threads, forever.
// After each commit has returned, it reports "<job number> <sequence>\n" on standard output. Made to be killed.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "storage/store.hpp"
#include "support/job_events.hpp"

namespace {

using namespace emeth;

constexpr std::uint64_t jobs = 4;

void report(std::uint64_t number, std::uint64_t sequence) {
    const std::string line = std::to_string(number) + " " + std::to_string(sequence) + "\n";
    // Shorter than PIPE_BUF: written in one piece also beside other threads.
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

void live(storage::JobStore& store, std::uint64_t number, std::uint64_t seed) {
    test::Rng rng(seed + number);
    const auto found = store.find(test::terms(number).id).value();
    statemachine::Job job = found ? *found : store.create({test::terms(number)}, 1).value();
    for (std::int64_t at = 2;; ++at) {
        report(number, job.sequence);
        job = store.apply(job, {at, test::random_event(rng, job)}).value().job;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: commit_forever FOLDER SEED\n");
        return 2;
    }
    const auto store = storage::NodeStore::open(argv[1], storage::OpenMode::read_write).value();
    std::vector<std::jthread> lives;
    for (std::uint64_t number = 1; number <= jobs; ++number) {
        lives.emplace_back([&, number] { live(store->jobs(), number, std::stoull(argv[2])); });
    }
}
