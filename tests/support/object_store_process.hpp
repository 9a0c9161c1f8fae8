// An object store for a test that speaks S3 and was written elsewhere: OpenStack Swift (tests/support/object_store.py),
// on a free loopback port, with one bucket, its files in a folder of its own.
#pragma once

#include <string>
#include <vector>

#include "support/listening_process.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {

class ObjectStoreProcess {
public:
    static constexpr const char* access_key = "emeth:tester";
    static constexpr const char* secret_key = "only-for-tests";
    static constexpr const char* region = "us-east-1";
    static constexpr const char* bucket = "emeth-test";

    /// Returns once it serves. `options` of its s3api: {"max_parts_listing=2"}. Throws with its last output.
    explicit ObjectStoreProcess(asio::io_context& io, const std::vector<std::string>& options = {})
        : process_(io, child(options), folder_.path()) {}

    [[nodiscard]] std::string url() const { return process_.url(); }

private:
    [[nodiscard]] ChildOptions child(const std::vector<std::string>& options) const {
        ChildOptions child;
        child.program = "/usr/bin/python3";  // Debian's, whatever other one comes first in PATH
        child.arguments = {(source_folder() / "tests/support/object_store.py").string(), (folder_ / "store").string(),
                           access_key, secret_key, bucket};
        child.arguments.insert(child.arguments.end(), options.begin(), options.end());
        return child;
    }

    TemporaryFolder folder_;
    ListeningProcess process_;
};

}  // namespace emeth::test
