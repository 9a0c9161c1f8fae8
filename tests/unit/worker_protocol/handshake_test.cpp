#include "worker_protocol/handshake.hpp"

#include <gtest/gtest.h>

namespace emeth::worker_protocol {
namespace {

class HandshakeTest : public ::testing::Test {
protected:
    HandshakeTest() {
        handshake.master = master.address();
        handshake.worker = worker.address();
        handshake.master_challenge = random_challenge(system_random());
        handshake.worker_challenge = random_challenge(system_random());
        handshake.dialled = "http://10.0.0.7:5000";
    }
    crypto::PrivateKey master = crypto::PrivateKey::generate(system_random());
    crypto::PrivateKey worker = crypto::PrivateKey::generate(system_random());
    Handshake handshake;
};

TEST_F(HandshakeTest, TextNamesRoleAddressesChallengesAndWhatWasDialled) {
    Handshake fixed;
    fixed.master = *Address::parse("0x1111111111111111111111111111111111111111");
    fixed.worker = *Address::parse("0x2222222222222222222222222222222222222222");
    fixed.master_challenge.bytes[31] = 3;
    fixed.worker_challenge.bytes[31] = 4;
    fixed.dialled = "http://10.0.0.7:5000";
    EXPECT_EQ(handshake_text(Role::worker, fixed),
              "emeth worker session v2\nrole: worker\n"
              "master: 0x1111111111111111111111111111111111111111\n"
              "worker: 0x2222222222222222222222222222222222222222\n"
              "master challenge: 0x0000000000000000000000000000000000000000000000000000000000000003\n"
              "worker challenge: 0x0000000000000000000000000000000000000000000000000000000000000004\n"
              "dialled: http://10.0.0.7:5000");
}

TEST_F(HandshakeTest, EachSideProvesItself) {
    EXPECT_TRUE(signed_by(Role::worker, sign_handshake(worker, Role::worker, handshake), handshake));
    EXPECT_TRUE(signed_by(Role::master, sign_handshake(master, Role::master, handshake), handshake));
}

TEST_F(HandshakeTest, AReflectedSignatureProvesNothing) {
    EXPECT_FALSE(signed_by(Role::master, sign_handshake(worker, Role::worker, handshake), handshake));
    // Not even if an impostor claims the worker's own address.
    Handshake reflected = handshake;
    reflected.master = worker.address();
    EXPECT_FALSE(signed_by(Role::master, sign_handshake(worker, Role::worker, reflected), reflected));
}

TEST_F(HandshakeTest, AnotherKeyProvesNothing) {
    EXPECT_FALSE(signed_by(Role::worker, sign_handshake(master, Role::worker, handshake), handshake));
    EXPECT_FALSE(signed_by(Role::worker, crypto::Signature{}, handshake));
}

TEST_F(HandshakeTest, ASignatureIsGoodForItsChallengesAlone) {
    const crypto::Signature signature = sign_handshake(worker, Role::worker, handshake);
    Handshake later = handshake;
    later.master_challenge = random_challenge(system_random());
    EXPECT_FALSE(signed_by(Role::worker, signature, later));
    Handshake elsewhere = handshake;
    elsewhere.master = crypto::PrivateKey::generate(system_random()).address();
    EXPECT_FALSE(signed_by(Role::worker, signature, elsewhere));
}

TEST_F(HandshakeTest, ASignatureIsGoodForWhatWasDialledAlone) {
    const crypto::Signature signature = sign_handshake(worker, Role::worker, handshake);
    Handshake relayed = handshake;
    relayed.dialled = "http://10.0.0.8:5000";
    EXPECT_FALSE(signed_by(Role::worker, signature, relayed));
}

TEST_F(HandshakeTest, AnotherVersionSaysWhichSideToUpgrade) {
    EXPECT_EQ(why_other_version(Role::worker, session_version), std::nullopt);
    EXPECT_EQ(why_other_version(Role::worker, 1),
              "the worker speaks emeth worker session v1, this master v2: upgrade the worker");
    EXPECT_EQ(why_other_version(Role::master, 1),
              "the master speaks emeth worker session v1, this worker v2: upgrade the master");
    EXPECT_EQ(why_other_version(Role::worker, 3),
              "the worker speaks emeth worker session v3, this master v2: upgrade the master");
}

TEST_F(HandshakeTest, ChallengesDiffer) {
    EXPECT_NE(random_challenge(system_random()), random_challenge(system_random()));
}

}  // namespace
}  // namespace emeth::worker_protocol
