#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "http/health_routes.hpp"
#include "node/workers/worker_server.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::node {
namespace {

constexpr std::size_t request_bytes_max = 64 << 10;
constexpr std::size_t method_bytes_max = 64;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;

boost::json::object reply(boost::json::value id) {
    return {{"jsonrpc", "2.0"}, {"id", std::move(id)}};
}

boost::json::value failure(boost::json::value id, int code, std::string_view message) {
    boost::json::object answer = reply(std::move(id));
    answer["error"] = boost::json::object{{"code", code}, {"message", message}};
    return answer;
}

/// A number or a short string, as JSON-RPC allows; null for anything else.
boost::json::value id_of(const boost::json::value& request) {
    const auto* object = request.if_object();
    const auto* id = object == nullptr ? nullptr : object->if_contains("id");
    if (id == nullptr) return nullptr;
    const bool short_text = id->is_string() && id->get_string().size() <= method_bytes_max;
    return id->is_number() || short_text ? *id : boost::json::value(nullptr);
}

/// The manual of the published clients says "params", but their code sends "param".
std::optional<Address> worker_address(const boost::json::value& request) {
    for (const std::string_view key : {"param", "params"}) {
        const auto* parameters = request.get_object().if_contains(key);
        const auto* fields = parameters == nullptr ? nullptr : parameters->if_object();
        const auto* address = fields == nullptr ? nullptr : fields->if_contains("workerAddress");
        if (address != nullptr && address->is_string()) return Address::parse(std::string_view(address->get_string()));
    }
    return std::nullopt;
}

}  // namespace

void WorkerServer::add_admin_routes(http::Server& server, http::Admission reader, http::Admission actor) {
    server.route("GET", "/api/v1/workers", 0,
                 http::admitted(std::move(reader), [this](http::ServerRequest) { return list_workers(); }));
    server.route(
        "POST", "/api/json-rpc", request_bytes_max,
        http::admitted(std::move(actor), [this](http::ServerRequest request) { return json_rpc(std::move(request)); }));
}

Task<http::Answer> WorkerServer::list_workers() {
    boost::json::array list;
    for (const WorkerInfo& worker : workers()) {
        boost::json::object entry{{"address", worker.address.hex()}, {"connected", worker.connected}};
        if (worker.power_capacity > 0) entry["powerCapacity"] = worker.power_capacity;
        if (worker.connected)
            if (const auto unfit = why_unfit(worker.fitness, "")) entry["unfit"] = *unfit;
        if (worker.helps) entry["helps"] = worker.helps->hex();
        entry["job"] = worker.job ? boost::json::value(worker.job->hex()) : boost::json::value(nullptr);
        if (worker.rest > Milliseconds::zero()) entry["restSeconds"] = worker.rest.count() / 1'000;
        list.push_back(std::move(entry));
    }
    const boost::json::value answer(std::move(list));
    co_return answer;
}

Task<http::Answer> WorkerServer::json_rpc(http::ServerRequest request) {
    const auto json = parse_json(request.body, request_bytes_max, "the request");
    if (json.has_error()) co_return failure(nullptr, invalid_request, json.error().message);
    boost::json::value id = id_of(*json);
    JsonObject object(*json, "the request");
    if (object.string("jsonrpc", method_bytes_max) != "2.0") object.reject("jsonrpc", "\"2.0\"");
    const std::string method = object.string("method", method_bytes_max);
    if (const auto check = object.check(); check.has_error())
        co_return failure(std::move(id), invalid_request, check.error().message);
    if (method != "disconnect") co_return failure(std::move(id), method_not_found, "the only method is \"disconnect\"");
    const auto worker = worker_address(*json);
    if (!worker)
        co_return failure(std::move(id), invalid_request,
                          "param.workerAddress is missing or is not 0x and 40 hex digits");
    boost::json::object answer = reply(std::move(id));
    answer["result"] = disconnect_by_operator(*worker) ? "disconnected" : "not exist";
    const boost::json::value result(std::move(answer));
    co_return result;
}

bool WorkerServer::disconnect_by_operator(const Address& worker) {
    const auto found = sessions_.find(worker);
    if (found == sessions_.end()) return false;
    log_of(worker).info("disconnected by an operator");
    found->second->end("disconnected by an operator");
    return true;
}

}  // namespace emeth::node
