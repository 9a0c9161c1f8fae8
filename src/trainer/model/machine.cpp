#include "trainer/model/machine.hpp"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <torch/csrc/api/include/torch/version.h>
#include <filesystem>
#include <fstream>
#include <oneapi/dnnl/dnnl.hpp>

#include "crypto/sha256.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/utf8.hpp"

namespace emeth::trainer {
namespace {

constexpr std::size_t name_bytes_max = 100;
constexpr std::size_t digest_digits = 8;

/// The text after "key…: " in a file of the kernel; empty if there is none.
std::string field_of(const std::filesystem::path& file, const std::string& key) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with(key) && colon != std::string::npos)
            return one_line(line.substr(colon + 2), name_bytes_max);
    }
    return "";
}

std::string processor() {
    std::string name = field_of("/proc/cpuinfo", "model name");
    if (!name.empty()) return name;
    utsname system{};
    return ::uname(&system) == 0 ? std::string(system.machine) : "unknown processor";
}

/// The text that one of OpenBLAS's functions returns, after `before`. Empty where libtorch uses another BLAS.
std::string openblas(const char* function, const std::string& before) {
    using Text = char* (*)();
    const auto text = reinterpret_cast<Text>(::dlsym(RTLD_DEFAULT, function));
    return text == nullptr ? "" : before + one_line(text(), name_bytes_max);
}

/// "AVX512": libtorch tells it in its account of itself only.
std::string libtorch_kernels() {
    const std::string account = at::show_config();
    const std::string key = "CPU capability usage: ";
    const std::size_t found = account.find(key);
    if (found == std::string::npos) return "unknown kernels";
    const std::size_t begin = found + key.size();
    return one_line(account.substr(begin, account.find('\n', begin) - begin), name_bytes_max);
}

std::string gpus() {
    std::string names;
    std::error_code error;
    for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error))
        names += ", " + field_of(gpu.path() / "information", "Model");
    return names;
}

}  // namespace

std::string machine_description(const trainer_protocol::ComputeOptions& options) {
    const bool on_gpu = options.device != "cpu";
    const std::string build = at::show_config() + (on_gpu ? at::detail::getCUDAHooks().showConfig() : "");
    const auto* dnnl = dnnl_version();
    return fmt::format("{}, {} GiB; libtorch {}; oneDNN {}.{}.{}{}; {} threads, {}, {}{}", processor(),
                       memory_limit() >> 30, crypto::sha256(build).hex().substr(2, digest_digits), dnnl->major,
                       dnnl->minor, dnnl->patch, openblas("openblas_get_config", "; "), options.threads, options.device,
                       options.precision, on_gpu ? gpus() : "");
}

std::string blas_description() {
    std::string description = openblas("openblas_get_config", "");
    if (description.empty() && at::hasMKL()) description = "MKL";
    return description;
}

std::string library_description() {
    const auto* dnnl = dnnl_version();
    return fmt::format("libtorch {} {}, oneDNN {}.{}.{} isa {:x}{}", TORCH_VERSION, libtorch_kernels(), dnnl->major,
                       dnnl->minor, dnnl->patch, static_cast<unsigned>(dnnl_get_effective_cpu_isa()),
                       openblas("openblas_get_corename", ", OpenBLAS "));
}

}  // namespace emeth::trainer
