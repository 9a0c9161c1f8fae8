// What requests are just working on, so that others keep off it. Pure memory, io thread only.
#pragma once

#include <set>
#include <string>
#include <utility>

namespace emeth::network {

struct WorkInHand {
    std::set<std::string> datasets;  ///< names being sent or published
    std::set<std::string> verdicts;  ///< ids of JOBs whose reason is being stored
    std::set<std::string> openings;  ///< ids of JOBs for which an upload is being opened
    std::set<std::string> uploads;   ///< keys of uploads, and names of objects, being completed
    std::set<std::string> parts;     ///< "<key of the upload>/<number>", being sent or stored

    /// Keys of uploads that must stay: parts are being put, or joined.
    [[nodiscard]] std::set<std::string> upload_keys() const {
        std::set<std::string> keys = uploads;
        for (const std::string& part : parts) keys.insert(part.substr(0, part.find('/')));
        return keys;
    }
};

/// Keeps other requests from working on the same name for as long as it lives.
class Claim {
public:
    Claim(std::set<std::string>& claimed, std::string name)
        : claimed_(claimed), name_(std::move(name)), held_(claimed_.insert(name_).second) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
        if (held_) claimed_.erase(name_);
    }
    /// False when another request holds the name.
    [[nodiscard]] bool held() const { return held_; }

private:
    std::set<std::string>& claimed_;
    std::string name_;
    bool held_;
};

}  // namespace emeth::network
