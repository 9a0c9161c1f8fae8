#include "node/market/refused.hpp"

namespace emeth::node {

std::string_view name(Ground ground) {
    switch (ground) {
        case Ground::status:
            return "not open on chain";
        case Ground::filters:
            return "program or requester not wanted";
        case Ground::param:
            return "param not understood";
        case Ground::spec:
            return "language or model not wanted";
        case Ground::dataset:
            return "dataset of another uploader or size";
        case Ground::fee:
            return "fee out of bounds";
        case Ground::hour:
            return "not at this hour";
        case Ground::payout:
            return "the contract keeps money";
        case Ground::allowance:
            return "deposit above the allowance";
        case Ground::worker:
            return "no worker free or fit";
        case Ground::deadline:
            return "too little time left";
        case Ground::value:
            return "no expected gain";
        case Ground::deposit:
            return "too little EMT for the deposit";
        case Ground::gas_money:
            return "too little ALT for gas";
        case Ground::disk:
            return "too little disk";
    }
    return "";
}

}  // namespace emeth::node
