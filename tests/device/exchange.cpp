// exchange train FOLDER | exchange check FOLDER: JOBs trained on one machine, verified on another that has a different
// processor or libtorch. Prints how far each replay ended from what the other machine claims. EMETH_DEVICE names the
// device, else it is the CPU; EMETH_BIN_DIR the folder of emeth-trainer. Exit code 1 when a check fails.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "integration/trainer/verification_bench.hpp"
#include "runtime/processors.hpp"

namespace {

using namespace emeth;
namespace fs = std::filesystem;

struct Work {
    const char* model;
    const char* precision;
    std::size_t bytes;
};
constexpr std::array works{Work{"nano", "float32", 120'000}, Work{"nano", "bf16", 120'000},
                           Work{"d256", "float32", 100'000}, Work{"d256", "bf16", 100'000}};

fs::path place_of(const fs::path& folder, const Work& work) {
    return folder / fmt::format("{}-{}", work.model, work.precision);
}

trainer_protocol::JobSpec job_of(const Work& work) {
    trainer_protocol::JobSpec job = test::example_job();
    job.model = work.model;
    return job;
}

trainer_protocol::ComputeOptions compute_of(const Work& work) {
    const char* device = std::getenv("EMETH_DEVICE");
    return {.device = device == nullptr ? "cpu" : device, .threads = processors(), .precision = work.precision};
}

void train(const fs::path& folder, const Work& work) {
    test::Bench bench(test::english_text(work.bytes));
    bench.request.job = job_of(work);
    bench.request.compute = compute_of(work);
    const trainer_protocol::Trained trained = test::train_to_end(bench);
    const fs::path place = place_of(folder, work);
    fs::create_directories(place);
    for (const char* file : {"artifact.tar", "dataset"})
        fs::copy_file(bench.path() / file, place / file, fs::copy_options::overwrite_existing);
    test::write_text(place / "evidence", test::evidence_of(bench, trained, test::block_hash(1), test::draws));
    fmt::print("{}, {}: {} steps, validation loss {:.4f}\n", work.model, work.precision, trained.artifact.steps,
               trained.artifact.validation_loss);
}

bool check(const fs::path& folder, const Work& work) {
    const test::TemporaryFolder scratch;
    const fs::path place = fs::absolute(place_of(folder, work));
    const trainer_protocol::Checked checked =
        test::check({job_of(work), place / "artifact.tar", place / "dataset", scratch.path(), compute_of(work),
                     place / "evidence", test::block_hash(1), test::draws});
    const trainer_protocol::Deviation& worst = checked.worst;
    fmt::print(
        "{}, {}: {}; weights {:.1e} ({:.1e} weighted), moments {:.1e} and {:.1e}, next step {:.1e}, loss {:.1e}\n",
        work.model, work.precision, checked.passed ? "passed" : "REJECTED: " + checked.reason, worst.weights,
        worst.weighted_weights, worst.first_moments, worst.second_moments, worst.next_step, worst.loss);
    return checked.passed;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc == 3 ? argv[1] : "";
    if (command != "train" && command != "check") {
        fmt::print(stderr, "usage: exchange train FOLDER | exchange check FOLDER\n");
        return 2;
    }
    try {
        bool all = true;
        for (const Work& work : works) {
            if (command == "train")
                train(argv[2], work);
            else
                all = check(argv[2], work) && all;
        }
        return all ? 0 : 1;
    } catch (const std::exception& exception) {
        fmt::print(stderr, "exchange: {}\n", exception.what());
        return 1;
    }
}
