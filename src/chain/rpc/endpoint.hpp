// Where the chain is asked, and as whom.
#pragma once

#include <string>
#include <utility>

#include "http/client.hpp"

namespace emeth::chain {

/// A URL alone is an endpoint that wants to know nobody.
struct Endpoint {
    http::Url url;
    std::string
        authorization;  ///< the value of the header Authorization, for this origin only; empty: none. Never shown

    Endpoint() = default;
    Endpoint(http::Url at, std::string as = "") : url(std::move(at)), authorization(std::move(as)) {}
};

}  // namespace emeth::chain
