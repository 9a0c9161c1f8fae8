// What downloads and uploads of files have in common. Not for users of the library.
#pragma once

#include <memory>
#include <string>

#include "http/connection.hpp"

namespace emeth::http {

using Opened = std::unique_ptr<Connection>;

Task<Result<Opened>> open_connection(Url url, Milliseconds timeout);
/// The answer whose header has been read, with the first 64 KiB of its body.
Task<Result<ClientResponse>> read_response(Connection* connection, std::string origin, Milliseconds timeout);

}  // namespace emeth::http
