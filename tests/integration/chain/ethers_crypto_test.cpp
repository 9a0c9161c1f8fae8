// Keys, signatures and digests, held to ethers.js.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "api_client/storage_digests.hpp"
#include "crypto/api_signature.hpp"
#include "crypto/keccak256.hpp"
#include "crypto/private_key.hpp"
#include "ethers_vectors.hpp"

namespace emeth::chain::test {
namespace {

crypto::PrivateKey key_of(const boost::json::value& row) {
    return std::move(crypto::PrivateKey::parse(text(row, "privateKey"))).value();
}

/// Our signature is theirs to the byte (both follow RFC 6979), and leads back to the address.
void expect_signature(const boost::json::value& row, const Hash256& digest) {
    EXPECT_EQ(digest.hex(), text(row, "digest"));
    const crypto::Signature signature = key_of(row).sign(digest);
    EXPECT_EQ(signature.hex(), text(row, "signature"));
    EXPECT_EQ(crypto::recover(digest, *crypto::Signature::parse(text(row, "signature"))),
              fixed<Address>(row, "address"));
}

TEST(EthersCrypto, AgreesOnAddresses) {
    for (const auto& row : list(ethers_vectors(), "keys")) {
        EXPECT_EQ(key_of(row).address().hex(), text(row, "addressLower"));
        EXPECT_EQ(crypto::checksum_address(key_of(row).address()), text(row, "address"));
    }
}

TEST(EthersCrypto, AgreesOnKeccak) {
    for (const auto& row : list(ethers_vectors(), "keccak")) {
        EXPECT_EQ(crypto::keccak256(bytes(row, "input")).hex(), text(row, "hash"));
    }
}

TEST(EthersCrypto, AgreesOnRawSignatures) {
    for (const auto& row : list(ethers_vectors(), "rawSignatures"))
        expect_signature(row, fixed<Hash256>(row, "digest"));
}

TEST(EthersCrypto, AgreesOnMessageSignatures) {
    for (const auto& row : list(ethers_vectors(), "messageSignatures")) {
        expect_signature(row, crypto::eip191_digest(text(row, "text")));
    }
}

TEST(EthersCrypto, AgreesOnPackedDigests) {
    for (const auto& row : list(ethers_vectors(), "jobRequestSignatures")) {
        const auto time = static_cast<std::int64_t>(number(row, "signedtime"));
        expect_signature(row, crypto::job_request_digest(fixed<JobId>(row, "jobId"), time));
    }
    for (const auto& row : list(ethers_vectors(), "datasetUploadSignatures")) {
        const auto time = static_cast<std::int64_t>(number(row, "signedtime"));
        const JobId job = fixed<JobId>(row, "jobId");
        const auto bytes = static_cast<std::uint64_t>(number(row, "bytes"));
        expect_signature(row, api_client::dataset_upload_digest(job, fixed<Hash256>(row, "sha256"), bytes, time));
    }
    for (const auto& row : list(ethers_vectors(), "connectSignatures")) {
        expect_signature(row, crypto::connect_digest(static_cast<std::int64_t>(number(row, "signedtime"))));
    }
}

}  // namespace
}  // namespace emeth::chain::test
