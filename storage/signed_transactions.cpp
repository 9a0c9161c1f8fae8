#include "storage/signed_transactions.hpp"

namespace emeth::storage {

using namespace statemachine;

std::vector<SignedTransaction> transactions_of(const HistoryEntry& entry) {
    if (entry.rejection) return {};
    const EventBody& event = entry.event.body;
    if (const auto* deposit = std::get_if<DepositSigned>(&event)) {
        if (!deposit->approve) return {{TxKind::process, deposit->process}};
        return {{TxKind::approve, *deposit->approve}, {TxKind::process, deposit->process}};
    }
    if (const auto* submit = std::get_if<SubmitSigned>(&event)) return {{TxKind::submit, submit->submit}};
    if (const auto* decline = std::get_if<DeclineSigned>(&event)) return {{TxKind::decline, decline->decline}};
    return {};
}

}  // namespace emeth::storage
