// The Storage API's endpoints: each is a function, declared by one line in its file's table. Internal to the server.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/server.hpp"
#include "network/storage_api/storage_services.hpp"

namespace emeth::network {

inline constexpr std::uint64_t request_bytes_max = 64 << 10;

struct Endpoint {
    std::string_view method;
    std::string_view path;
    std::uint64_t body_bytes_max;
    Task<http::Answer> (*function)(StorageServices& services, http::ServerRequest request);
};

/// Datasets: who may upload, who may read, and how large they are.
std::span<const Endpoint> dataset_endpoints();
/// Results: multipart uploads and the objects made from them.
std::span<const Endpoint> result_endpoints();
/// Why the verifier rejected results.
std::span<const Endpoint> verdict_endpoints();

}  // namespace emeth::network
