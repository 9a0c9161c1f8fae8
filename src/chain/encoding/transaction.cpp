#include "chain/encoding/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/encoding/rlp.hpp"
#include "crypto/keccak256.hpp"

namespace emeth::chain {
namespace {

constexpr std::uint8_t dynamic_fee_type = 0x02;
constexpr std::size_t legacy_fields = 6;     // before v, r, s
constexpr std::size_t dynamic_fields = 9;    // before y_parity, r, s
constexpr std::uint64_t eip155_offset = 35;  // v = chain id * 2 + 35 + y parity
constexpr std::uint64_t chain_id_max = (UINT64_MAX - eip155_offset - 1) / 2;
constexpr std::uint8_t signature_v_offset = 27;

bool is_chain_id(std::uint64_t number) {
    return number != 0 && number <= chain_id_max;
}

Bytes recipient(const std::optional<Address>& to) {
    return to ? rlp::encode_bytes(to->bytes) : rlp::encode_bytes({});
}

std::vector<Bytes> legacy_items(const Transaction& tx) {
    return {rlp::encode_number(tx.nonce),       rlp::encode_number(tx.fees.max_fee_per_gas.bytes),
            rlp::encode_number(tx.gas_limit),   recipient(tx.to),
            rlp::encode_number(tx.value.bytes), rlp::encode_bytes(tx.data)};
}

std::vector<Bytes> dynamic_items(const Transaction& tx) {
    return {rlp::encode_number(tx.chain_id),
            rlp::encode_number(tx.nonce),
            rlp::encode_number(tx.fees.priority_fee_per_gas->bytes),
            rlp::encode_number(tx.fees.max_fee_per_gas.bytes),
            rlp::encode_number(tx.gas_limit),
            recipient(tx.to),
            rlp::encode_number(tx.value.bytes),
            rlp::encode_bytes(tx.data),
            rlp::encode_list({})};
}

bool is_dynamic(const Transaction& tx) {
    return tx.fees.priority_fee_per_gas.has_value();
}

/// The list, preceded by the type byte if there is one.
Bytes envelope(bool dynamic, const std::vector<Bytes>& items) {
    Bytes encoded = rlp::encode_list(items);
    if (dynamic) encoded.insert(encoded.begin(), dynamic_fee_type);
    return encoded;
}

Hash256 signing_digest(const Transaction& tx) {
    std::vector<Bytes> items = is_dynamic(tx) ? dynamic_items(tx) : legacy_items(tx);
    if (!is_dynamic(tx)) {  // EIP-155: the chain id takes the place of the signature
        items.push_back(rlp::encode_number(tx.chain_id));
        items.push_back(rlp::encode_number(0));
        items.push_back(rlp::encode_number(0));
    }
    return crypto::keccak256(envelope(is_dynamic(tx), items));
}

/// Reads the fields of a decoded list one after another, and records the first error.
class Fields {
public:
    explicit Fields(const std::vector<rlp::Item>& items) : items_(items) {}

    std::uint64_t number(const char* name) { return keep(rlp::number(items_[position_++], name)); }
    Wei number_256(const char* name) { return keep(rlp::number_256(items_[position_++], name)); }
    Bytes bytes(const char* name) {
        const rlp::Item& item = items_[position_++];
        if (item.is_list) fail(fmt::format("{} is a list", name));
        return item.bytes;
    }
    std::optional<Address> address(const char* name) {
        const Bytes raw = bytes(name);
        if (raw.empty()) return std::nullopt;
        Address address;
        if (raw.size() == Address::size_bytes) {
            std::copy(raw.begin(), raw.end(), address.bytes.begin());
        } else {
            fail(fmt::format("{} has {} bytes; expected 20 or none", name, raw.size()));
        }
        return address;
    }
    void empty_list(const char* name) {
        const rlp::Item& item = items_[position_++];
        if (!item.is_list || !item.items.empty()) fail(fmt::format("{} is not empty", name));
    }
    void fail(std::string message) {
        if (!error_) error_ = permanent_error(std::move(message));
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    template <class T>
    T keep(const Result<T>& value) {
        if (value) return *value;
        if (!error_) error_ = value.error();
        return {};
    }

    const std::vector<rlp::Item>& items_;
    std::size_t position_ = 0;
    std::optional<Error> error_;
};

Transaction read_legacy(Fields& fields) {
    Transaction tx;
    tx.nonce = fields.number("nonce");
    tx.fees.max_fee_per_gas = fields.number_256("gas price");
    tx.gas_limit = fields.number("gas limit");
    tx.to = fields.address("recipient");
    tx.value = fields.number_256("value");
    tx.data = fields.bytes("data");
    return tx;
}

Transaction read_dynamic(Fields& fields) {
    Transaction tx;
    tx.chain_id = fields.number("chain id");
    tx.nonce = fields.number("nonce");
    tx.fees.priority_fee_per_gas = fields.number_256("priority fee");
    tx.fees.max_fee_per_gas = fields.number_256("maximum fee");
    tx.gas_limit = fields.number("gas limit");
    tx.to = fields.address("recipient");
    tx.value = fields.number_256("value");
    tx.data = fields.bytes("data");
    fields.empty_list("access list");
    return tx;
}

/// Decomposes v; in legacy transactions it also holds the chain id.
std::uint8_t read_parity(Fields& fields, bool dynamic, Transaction& tx) {
    std::uint64_t parity = fields.number("v");
    if (!dynamic) {
        if (parity < eip155_offset) fields.fail(fmt::format("v is {}: no replay protection (EIP-155)", parity));
        tx.chain_id = (parity - eip155_offset) / 2;
        parity = (parity - eip155_offset) % 2;
    }
    if (!is_chain_id(tx.chain_id)) fields.fail(fmt::format("there is no chain with id {}", tx.chain_id));
    if (parity > 1) fields.fail(fmt::format("the parity of the signature is {}; expected 0 or 1", parity));
    return static_cast<std::uint8_t>(parity & 1);
}

crypto::Signature read_signature(Fields& fields, std::uint8_t parity) {
    const Wei r = fields.number_256("r");
    const Wei s = fields.number_256("s");
    crypto::Signature signature;
    std::copy(r.bytes.begin(), r.bytes.end(), signature.bytes.begin());
    std::copy(s.bytes.begin(), s.bytes.end(), signature.bytes.begin() + Wei::size_bytes);
    signature.bytes.back() = static_cast<std::uint8_t>(signature_v_offset + parity);
    return signature;
}

Result<DecodedTransaction> decode_fields(const std::vector<rlp::Item>& items, bool dynamic) {
    Fields fields(items);
    DecodedTransaction decoded;
    decoded.transaction = dynamic ? read_dynamic(fields) : read_legacy(fields);
    const std::uint8_t parity = read_parity(fields, dynamic, decoded.transaction);
    const crypto::Signature signature = read_signature(fields, parity);
    if (fields.error()) return in_context("transaction", *fields.error());
    const std::optional<Address> sender = crypto::recover(signing_digest(decoded.transaction), signature);
    if (!sender) return permanent_error("transaction: the signature is malformed");
    decoded.sender = *sender;
    return decoded;
}

}  // namespace

SignedTransaction sign(const Transaction& transaction, const crypto::PrivateKey& key) {
    if (!is_chain_id(transaction.chain_id)) {
        throw std::invalid_argument(fmt::format("cannot sign for chain id {}", transaction.chain_id));
    }
    const bool dynamic = is_dynamic(transaction);
    const crypto::Signature signature = key.sign(signing_digest(transaction));
    const std::span<const std::uint8_t> bytes(signature.bytes);
    const std::uint64_t parity = bytes.back() - signature_v_offset;
    std::vector<Bytes> items = dynamic ? dynamic_items(transaction) : legacy_items(transaction);
    items.push_back(rlp::encode_number(dynamic ? parity : transaction.chain_id * 2 + eip155_offset + parity));
    items.push_back(rlp::encode_number(bytes.subspan(0, Wei::size_bytes)));
    items.push_back(rlp::encode_number(bytes.subspan(Wei::size_bytes, Wei::size_bytes)));
    SignedTransaction made;
    made.raw = envelope(dynamic, items);
    made.hash = crypto::keccak256(made.raw);
    return made;
}

Result<DecodedTransaction> decode_transaction(std::span<const std::uint8_t> raw) {
    const bool dynamic = !raw.empty() && raw.front() == dynamic_fee_type;
    const Result<rlp::Item> list = rlp::decode(dynamic ? raw.subspan(1) : raw);
    if (list.has_error()) return in_context("transaction", list.error());
    const std::size_t fields = (dynamic ? dynamic_fields : legacy_fields) + 3;
    if (!list->is_list || list->items.size() != fields) {
        return permanent_error(fmt::format("transaction: expected a list of {} fields", fields));
    }
    Result<DecodedTransaction> decoded = decode_fields(list->items, dynamic);
    if (decoded) decoded->hash = crypto::keccak256(raw);
    return decoded;
}

Address created_contract(const Address& sender, std::uint64_t nonce) {
    const Bytes list = rlp::encode_list({rlp::encode_bytes(sender.bytes), rlp::encode_number(nonce)});
    const Hash256 hash = crypto::keccak256(list);
    Address address;
    std::copy(hash.bytes.begin() + 12, hash.bytes.end(), address.bytes.begin());
    return address;
}

}  // namespace emeth::chain
