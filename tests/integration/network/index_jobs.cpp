// index_jobs FOLDER: keeps the list of indexed_chain.hpp's JOBs in FOLDER, and ends once it is complete. Made to be
// killed.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>

#include "integration/network/indexed_chain.hpp"
#include "network/info_server/job_index.hpp"

namespace {

using namespace emeth;

Task<> index(network::JobIndex* jobs) {
    const auto updated = co_await jobs->update();
    updated.value();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: index_jobs FOLDER\n");
        return 2;
    }
    asio::io_context io;
    test::FakeChain chain;
    test::put_jobs(chain);
    BlockingPool pool(1);
    const auto list = storage::JobList::open(argv[1]).value();
    network::JobIndexOptions options;
    options.range_blocks_max = 10;
    network::JobIndex jobs(io.get_executor(), chain, *list, pool, options, [](const storage::ListChanges&) {});
    std::exception_ptr failure;
    asio::co_spawn(io, index(&jobs), [&](std::exception_ptr thrown) { failure = thrown; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}
