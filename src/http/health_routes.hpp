// GET /healthz and /readyz, the same for every server: is it alive, and does it advance?
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/server.hpp"

namespace emeth::http {

/// Sentences that say why the server does not advance now; none: it does. They are for whoever may ask, so they name no
/// endpoint and no path.
using WhyNotReady = std::function<Task<std::vector<std::string>>()>;

/// /healthz: 200 "ok" for as long as requests are answered at all. /readyz: 200 {"ready":true}, or 503
/// {"ready":false,"reasons":[…]}; `why_not_ready` is asked once a second at most. `admission` decides who is answered;
/// empty: everybody. `alive` answers /healthz for a server that has more to say there.
void add_health_routes(Server& server, WhyNotReady why_not_ready, Admission admission = {}, Handler alive = {});

/// `handler`, for those whom `admission` lets in.
Handler admitted(Admission admission, Handler handler);

}  // namespace emeth::http
