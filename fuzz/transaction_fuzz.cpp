// Signed transactions: what is accepted can be signed again, and gives the same transaction; what was signed is
// accepted with its signer.
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "chain/encoding/transaction.hpp"
#include "crypto/private_key.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"

namespace {

using namespace emeth;
using namespace emeth::chain;
using emeth::fuzz::require;

const crypto::PrivateKey& key() {
    static const crypto::PrivateKey one = crypto::PrivateKey::parse(std::string(63, '0') + "1").value();
    return one;
}

void require_round_trip(const Transaction& transaction) {
    const SignedTransaction made = sign(transaction, key());
    const auto decoded = decode_transaction(made.raw);
    require(decoded.has_value(), "what was signed is accepted");
    require(decoded->transaction == transaction, "a transaction is the same after it was signed");
    require(decoded->sender == key().address() && decoded->hash == made.hash, "signer and hash are found again");
}

template <class Bytes>
Bytes bytes_of(fuzz::Input& input) {
    Bytes value;
    input.fill(value.bytes);
    return value;
}

Transaction transaction_of(fuzz::Input& input) {
    Transaction made;
    made.chain_id = 1 + input.integer<std::uint64_t>() / 4;
    made.nonce = input.integer<std::uint64_t>();
    made.fees.max_fee_per_gas = bytes_of<Wei>(input);
    if (input.integer<std::uint8_t>() % 2 == 1) made.fees.priority_fee_per_gas = bytes_of<Wei>(input);
    made.gas_limit = input.integer<std::uint64_t>();
    if (input.integer<std::uint8_t>() % 2 == 1) made.to = bytes_of<Address>(input);
    made.value = bytes_of<Wei>(input);
    const std::string data = input.text();
    made.data.assign(data.begin(), data.end());
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span raw(data, size);
    if (const auto decoded = decode_transaction(raw)) {
        require_round_trip(decoded->transaction);
        return 0;
    }
    fuzz::Input input(data, size);
    require_round_trip(transaction_of(input));
    return 0;
}
