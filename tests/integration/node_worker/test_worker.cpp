// A worker as a process of its own. Arguments: <settings file> <data folder> <trainer program>.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "crypto/key_file.hpp"
#include "runtime/durable_file.hpp"
#include "worker/worker.hpp"

int main(int, char** argv) try {
    using namespace emeth;
    const EnvConfig config = EnvConfig::load(argv[1]).value();
    create_folder(argv[2]).value();
    worker::WorkerSettings settings = worker::read_settings(config, argv[2]).value();
    settings.trainer = argv[3];
    settings.reconnect.first = Milliseconds(50);
    settings.trainer_restart.first = Milliseconds(50);
    const crypto::PrivateKey key =
        crypto::load_or_generate_key_file(settings.data / "worker.key", system_random()).value();
    asio::io_context io(1);
    BlockingPool pool(1);
    worker::Worker worker(io.get_executor(), settings, key, pool, system_clock(), system_random());
    asio::co_spawn(io, worker.run(), [](std::exception_ptr error, Result<void> result) {
        if (error) std::rethrow_exception(error);
        result.value();
    });
    io.run();
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "test worker: %s\n", error.what());
    return 1;
}
