// A JOB info server over a chain in memory, with a store in a folder of its own.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "http/client.hpp"
#include "network/info_server/info_server.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::network {

namespace json = boost::json;
using test::Background;
using test::repeated;

/// Says the size of every dataset and the reason of every verdict; nothing else is asked of it here.
class SizesAndReasons : public api_client::ArtifactStore {
public:
    std::map<std::string, std::uint64_t> sizes;
    std::map<JobId, std::string> reasons;
    std::optional<Error> reasons_failure;
    bool hang_reasons = false;
    int reason_questions = 0;

    Task<Result<std::uint64_t>> dataset_bytes(std::string dataset) override {
        if (!sizes.contains(dataset)) co_return permanent_error("there is no dataset " + dataset);
        co_return sizes.at(dataset);
    }
    Task<Result<std::string>> dataset_url(JobId) override { co_return unexpected(); }
    Task<Result<api_client::OpenedUpload>> open_upload(JobId, statemachine::WorkerFile, std::string,
                                                       std::optional<std::string>) override {
        co_return unexpected();
    }
    Task<Result<void>> complete_upload(JobId, std::string, std::map<std::uint32_t, std::string>, std::string) override {
        co_return unexpected();
    }
    Task<Result<std::optional<UploadState>>> upload_state(JobId, std::string) override { co_return unexpected(); }
    Task<Result<std::optional<api_client::VerdictReason>>> verdict_reason(JobId job) override {
        ++reason_questions;
        if (hang_reasons) co_await system_clock().sleep(Milliseconds{3'600'000});
        if (reasons_failure) co_return *reasons_failure;
        if (!reasons.contains(job)) co_return std::optional<api_client::VerdictReason>();
        co_return std::optional(api_client::VerdictReason{{}, reasons.at(job)});
    }

private:
    static Error unexpected() { return permanent_error("the info server asks for sizes and reasons only"); }
};

class InfoServerTest : public test::IoFixture {
protected:
    static constexpr std::int64_t deadline_unix_s = 1'800'000'000;

    InfoServerTest() { storage.sizes["text"] = 5'000; }

    void start(InfoServerOptions options) {
        options.folder = folder / "joblist";
        options.poll_interval = Milliseconds{20};
        options.index.core = chain.network.core;
        service.emplace(executor(), InfoServerPorts{chain, storage, system_clock(), pool}, std::move(options));
        service->listen().value();
        serving.emplace(io, service->run());
    }
    void stop() {
        serving.reset();
        service.reset();
    }
    void start() { start(InfoServerOptions{}); }
    http::ClientResponse get(const std::string& target, http::Headers headers = {}) {
        http::ClientRequest asked;
        asked.url = http::Url::parse(service->url()).value().at(target);
        asked.headers = std::move(headers);
        return run(http::request(std::move(asked))).value();
    }
    json::array jobs(const std::string& query = "") { return json::parse(get("/api/v1/jobs" + query).body).as_array(); }
    /// Until the server has caught up, so that it lists `count` JOBs.
    json::array wait_for(std::size_t count, const std::string& query = "") {
        json::array listed = jobs(query);
        for (int tries = 0; tries < 200 && listed.size() != count; ++tries) {
            run(system_clock().sleep(Milliseconds{10}));
            listed = jobs(query);
        }
        EXPECT_EQ(listed.size(), count) << json::value(listed);
        return listed;
    }
    /// Until the Storage API's answer to the only JOB's size has come.
    json::object job_with_size(const std::string& query = "") {
        for (int tries = 0; tries < 400 && wait_for(1, query).at(0).at("datasetSize") != 5'000; ++tries)
            run(system_clock().sleep(Milliseconds{10}));
        return wait_for(1, query).at(0).as_object();
    }
    void request(std::uint8_t number) {
        chain.request(repeated<JobId>(number), repeated<Address>(0xaa), "text", R"({"language":"en","epoch":2})",
                      test::wei(20), deadline_unix_s);
    }

    test::TemporaryFolder folder;
    BlockingPool pool{1};
    test::FakeChain chain;
    SizesAndReasons storage;
    std::optional<InfoServerService> service;
    std::optional<Background> serving;
};

}  // namespace emeth::network
