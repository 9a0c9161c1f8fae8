#include "network/requester/requester_bot.hpp"

#include "chain/amount.hpp"
#include "network/requester/texts.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::network {

Task<> run_requester_bot(Requester& requester, Clock& clock, RequesterBotOptions options) {
    for (std::size_t turn = 0;; ++turn) {
        const auto texts = texts_in(options.texts);
        if (texts.empty()) {
            spdlog::warn("requester bot: no text in {}; put some there", options.texts.string());
        } else {
            JobRequest request = options.terms;
            request.dataset = texts[turn % texts.size()];
            const auto requested = co_await requester.request(request);
            if (requested.has_error())
                spdlog::warn("requester bot: {}", requested.error().message);
            else
                log_of(requested->id)
                    .info("requester bot: requested: {} bytes, {} gas, fee {} EMT", requested->dataset_bytes,
                          requested->gas, chain::format_coins(requested->fee));
        }
        co_await clock.sleep(std::chrono::seconds(options.interval_s));
    }
}

}  // namespace emeth::network
