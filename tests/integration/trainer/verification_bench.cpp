#include "integration/trainer/verification_bench.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "crypto/sha256.hpp"

namespace emeth::test {

using namespace trainer_protocol;
namespace json = boost::json;

namespace {

constexpr std::size_t state_header_bytes = 56, run_at = 8, run_bytes = 32, step_at = 40, weight_count_at = 48;

}  // namespace

Hash256 block_hash(std::uint64_t number) {
    Hash256 hash;
    for (std::size_t i = 0; i < 8; ++i) hash.bytes[31 - i] = static_cast<std::uint8_t>(number >> 8 * i);
    return hash;
}

Hash256 block_that_draws(const JobSpec& job, std::uint32_t segment, std::uint32_t segments, std::uint64_t number) {
    for (;; ++number) {
        const auto drawn = draw_segments(job.id, block_hash(number), segments, draws);
        if (std::ranges::count(drawn, segment) > 0) return block_hash(number);
    }
}

const HonestWork& honest() {
    static const HonestWork work;
    return work;
}

CheckRequest request_for(const Bench& bench, const Trained& trained, const std::filesystem::path& artifact,
                         const TemporaryFolder& scratch, const Hash256& block) {
    write_text(scratch / "evidence", evidence_of(bench, trained, block, draws));
    return {
        bench.request.job, artifact, bench.path() / "dataset", scratch.path(), {}, scratch / "evidence", block, draws};
}

CheckRequest check_request(const TemporaryFolder& scratch, const std::filesystem::path& artifact) {
    return request_for(honest().bench, honest().trained, artifact, scratch);
}

Checked check(const CheckRequest& request, const std::map<std::string, std::string>& environment) {
    const auto report = run_trainer(request, request.folder / "log", {}, environment);
    if (const auto* failed = std::get_if<Failed>(&*report)) throw std::runtime_error(failed->message);
    return std::get<Checked>(*report);
}

void expect_rejected(const Checked& checked, const std::string& reason) {
    EXPECT_FALSE(checked.passed);
    EXPECT_THAT(checked.reason, ::testing::HasSubstr(reason));
}

Forgery::Forgery(const Bench& bench, const Trained& trained)
    : entries(read_tar(bench.artifact())), job_(bench.request.job), steps_(trained.artifact.steps) {
    const std::uint32_t segments = segment_count(job_.model, trained.artifact.steps, trained.artifact.epochs);
    for (std::uint32_t index = 0; index < segments; ++index) {
        std::string file = read_text(state_file(bench.path(), index));
        file.resize(file.size() - Hash256::size_bytes);
        states.push_back(std::move(file));
    }
}

std::size_t Forgery::weight_count() const {
    return (states.front().size() - state_header_bytes) / (3 * sizeof(float));
}

std::vector<float> Forgery::floats(std::uint32_t state, std::size_t part) const {
    std::vector<float> values(weight_count());
    const std::size_t bytes = values.size() * sizeof(float);
    std::memcpy(values.data(), states.at(state).data() + state_header_bytes + part * bytes, bytes);
    return values;
}

void Forgery::set_floats(std::uint32_t state, std::size_t part, const std::vector<float>& values) {
    const std::size_t bytes = values.size() * sizeof(float);
    std::memcpy(states.at(state).data() + state_header_bytes + part * bytes, values.data(), bytes);
}

/// The tensors follow the header in the order of the flat array.
void Forgery::set_artifact_weights(const std::vector<float>& values) {
    std::string& file = content_of(entries, "model.safetensors");
    const std::size_t bytes = values.size() * sizeof(float);
    std::memcpy(file.data() + file.size() - bytes, values.data(), bytes);
}

void Forgery::take_run_of(const Forgery& other) {
    for (std::string& state : states) state.replace(run_at, run_bytes, other.states.front(), run_at, run_bytes);
}

std::vector<double> Forgery::losses() {
    std::vector<double> values;
    std::istringstream lines(content_of(entries, "training_log.jsonl"));
    for (std::string line; std::getline(lines, line);)
        values.push_back(json::parse(line).at("loss").to_number<double>());
    return values;
}

void Forgery::set_losses(const std::vector<double>& values) {
    std::istringstream lines(content_of(entries, "training_log.jsonl"));
    std::string log;
    std::size_t step = 0;
    for (std::string line; std::getline(lines, line); ++step) {
        json::value entry = json::parse(line);
        entry.at("loss") = static_cast<double>(static_cast<float>(values.at(step)));
        log += json::serialize(entry) + "\n";
    }
    content_of(entries, "training_log.jsonl") = log;
    json::value manifest = manifest_of(entries);
    json::array means;
    const auto written = losses();
    const std::size_t epochs = manifest.at("epochs").to_number<std::size_t>(), steps = written.size() / epochs;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        const auto first = written.begin() + static_cast<std::ptrdiff_t>(epoch * steps);
        const double sum =
            std::accumulate(first, first + static_cast<std::ptrdiff_t>(steps), 0.0,
                            [](double a, double b) { return a + static_cast<double>(static_cast<float>(b)); });
        means.emplace_back(sum / static_cast<double>(steps));
    }
    manifest.at("epoch_losses") = means;
    seal(entries, manifest);
}

void Forgery::claim_validation_loss(double loss) {
    json::value manifest = manifest_of(entries);
    manifest.at("validation_loss") = loss;
    seal(entries, manifest);
}

void Forgery::claim_true_validation_loss() {
    claim_validation_loss(1e-3);
    const Checked found = checked();
    expect_rejected(found, "claims a validation loss of 0.001");
    const std::string marker = "its weights give ";
    claim_validation_loss(std::stod(found.reason.substr(found.reason.find(marker) + marker.size())));
}

/// Updates the digests of all states (the last is that of the artifact's weights) and of all members.
void Forgery::seal_all() {
    json::array digests;
    for (const std::string& state : states) digests.emplace_back(crypto::sha256(state).hex());
    std::string last = states.front().substr(0, state_header_bytes);
    for (std::size_t i = 0; i < 8; ++i) last[step_at + i] = static_cast<char>(steps_ >> 8 * i);
    const std::string& file = content_of(entries, "model.safetensors");
    last += file.substr(file.size() - weight_count() * sizeof(float));
    digests.emplace_back(crypto::sha256(last).hex());
    json::value manifest = manifest_of(entries);
    manifest.at("states") = digests;
    seal(entries, manifest);
}

std::string Forgery::evidence(const Hash256& block) const {
    const auto header = evidence_header(evidence_block.value_or(block));
    std::string packed(header.begin(), header.end());
    const auto drawn = draw_segments(job_.id, block, segments(), draws);
    for (const std::uint32_t index : states_to_show(drawn, segments())) packed += states.at(index);
    packed.resize(packed.size() - evidence_bytes_cut);
    return packed + evidence_suffix;
}

Checked Forgery::checked(const Hash256& block) {
    const TemporaryFolder scratch;
    return checked_in(scratch, block);
}

Checked Forgery::checked_in(const TemporaryFolder& scratch, const Hash256& block) {
    seal_all();
    write_tar(scratch / "forged.tar", entries);
    CheckRequest request = check_request(scratch, scratch / "forged.tar");
    request.block_hash = block;
    write_text(request.evidence, evidence(block));
    return check(request);
}

}  // namespace emeth::test
