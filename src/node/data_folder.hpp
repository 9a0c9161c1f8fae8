// The layout of a node's data folder.
#pragma once

#include <filesystem>
#include <string>

namespace emeth::node {

inline std::filesystem::path store_folder(const std::filesystem::path& data) {
    return data / "store";
}
inline std::filesystem::path crash_marker(const std::filesystem::path& data) {
    return data / "crash";
}
inline std::filesystem::path admin_socket(const std::filesystem::path& data) {
    return data / "admin.sock";
}
/// What whoever acts on the dashboard must know.
inline std::filesystem::path dashboard_token(const std::filesystem::path& data) {
    return data / "dashboard.token";
}
/// Below it, one folder for each local worker.
inline std::filesystem::path local_workers_folder(const std::filesystem::path& data) {
    return data / "workers";
}
/// The folder of the local worker with this number, from 1.
inline std::filesystem::path local_worker_folder(const std::filesystem::path& data, unsigned number) {
    return local_workers_folder(data) / std::to_string(number);
}

}  // namespace emeth::node
