#include "bench/measured_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::bench {

namespace {

constexpr std::size_t output_bytes_max = 1 << 16;
/// Either variable may name an older processor and slow OpenBLAS down.
constexpr const char* clean_environment = "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE ";

}  // namespace

Workshop::Workshop() : path_(std::filesystem::current_path() / fmt::format(".emeth-bench-{}", ::getpid())) {
    create_folder(path_, 0700).value();
}

Workshop::~Workshop() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

boost::json::value output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((clean_environment + command).c_str(), "r"), ::pclose);
    if (!pipe) throw std::runtime_error("cannot start " + command);
    std::string output(output_bytes_max, '\0');
    output.resize(std::fread(output.data(), 1, output.size(), pipe.get()));
    return parse_json(output, output_bytes_max, command).value();
}

double seconds_of(const std::string& command) {
    const auto start = std::chrono::steady_clock::now();
    if (std::system((clean_environment + command).c_str()) != 0) throw std::runtime_error("failed: " + command);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double number(const boost::json::value& answer, const char* key) {
    JsonObject fields(answer, "the benchmark's answer");
    const double value = fields.number(key);
    fields.check().value();
    return value;
}

std::string text(const boost::json::value& answer, const char* key) {
    JsonObject fields(answer, "the benchmark's answer");
    std::string value = fields.string(key, 64);
    fields.check().value();
    return value;
}

double memory_mb(pid_t pid, const std::string& field) {
    std::ifstream stream(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(stream, line);)
        if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1'024 / 1e6;
    return 0;
}

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

}  // namespace emeth::bench
