#include "storage/signed_transactions.hpp"

namespace emeth::storage {

using namespace statemachine;

std::vector<SignedTransaction> transactions_of(const HistoryEntry& entry) {
    if (entry.rejection) return {};
    const EventBody& event = entry.event.body;
    if (const auto* pair = std::get_if<DepositSigned>(&event))
        return {{TxKind::approve, pair->approve}, {TxKind::process, pair->process}};
    if (const auto* submit = std::get_if<SubmitSigned>(&event)) return {{TxKind::submit, submit->submit}};
    if (const auto* decline = std::get_if<DeclineSigned>(&event)) return {{TxKind::decline, decline->decline}};
    return {};
}

}  // namespace emeth::storage
