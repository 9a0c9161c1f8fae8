// Test vectors made by ethers.js, for tests that hold our own keys, transactions, ABI and RLP to a peer.
//
//     node ethers_vectors.mjs --seed TEXT --count N          prints one JSON document
//
// The same seed and count give the same document. N (1 to 10000) is the number of elements in each list marked [N].
// Unless said otherwise: bytes are 0x-hex in lower case ("0x" when empty), uint256 values are decimal strings,
// addresses are 0x-hex in EIP-55 mixed case.
//
// {
//   "seed": string, "count": number, "chainId": 60001,
//   "keys": [N] { "privateKey": 32 bytes, "address": checksummed, "addressLower": lower case,
//                 "publicKey": 65 bytes, 04 first },
//   "rawSignatures": [N] { "privateKey", "address", "digest": 32 bytes,
//                          "r": 32 bytes, "s": 32 bytes, "v": 27|28, "signature": 65 bytes r‖s‖v },
//   "messageSignatures": [N] (EIP-191) { "privateKey", "address", "text": UTF-8 string, "digest", "signature" },
//   "jobRequestSignatures": [N] (keccak256(abi.encodePacked(string jobId, uint256 signedtime)), signed raw)
//       { "privateKey", "address", "jobId": "0x" + 32 digits, "signedtime": number (ms), "digest", "signature" },
//   "datasetUploadSignatures": [N] (as docs/PROTOCOL.md has it for signed-put-url: JOB, sha256, bytes, signedtime)
//       { as above, and "sha256": 32 bytes },
//   "connectSignatures": [N] (keccak256(abi.encodePacked(uint256 signedtime)))
//       { "privateKey", "address", "signedtime", "digest", "signature" },
//   "keccak": [N] { "input": bytes, "hash": 32 bytes },
//   "legacyTransactions": [N] (EIP-155)
//       { "privateKey", "from", "to": address or null (a creation), "nonce": number, "chainId": number,
//         "gasPrice", "gasLimit", "value": decimal strings, "data": bytes,
//         "unsignedHash": 32 bytes (what is signed), "raw": bytes, "hash": 32 bytes },
//   "eip1559Transactions": [N] (type 2, empty access list)
//       { as above, with "maxPriorityFeePerGas" and "maxFeePerGas" in place of "gasPrice" },
//   "createdContracts": [N] { "from", "nonce": number, "address" },
//   "abi": {
//     "selectors": [ { "signature": "request(bytes16,…)", "selector": 4 bytes } ]: every function of EmethCore and EMT,
//     "topics": [ { "signature": "Status(bytes16,address,uint256)", "topic": 32 bytes } ]: every event of both,
//     "calls": {
//       "request": [N] { "jobId", "programId", "dataset", "param", "fee", "deadline", "data": bytes },
//       "process": [N] { "jobId", "data" }, and so "cancel", "decline", "rejectResult", "timeout",
//                                           "jobs", "jobDetails", "jobAssigns",
//       "submit":  [N] { "jobId", "result", "data" },
//       "verify":  [N] { "jobId", "gas", "data" },
//       "withdrawSlotReward": [N] { "slot", "data" },
//       "slotBalances": [N] { "slot", "node", "data" },
//       "jobAssignedHistory": [N] { "node", "index", "data" },
//       "approve": [N] { "spender", "amount", "data" }, "transfer": [N] { "to", "amount", "data" },
//       "allowance": [N] { "owner", "spender", "data" }, "balanceOf": [N] { "account", "data" } },
//     "returns": {
//       "jobs":       [N] { "exist": bool, "jobId", "owner", "deadline", "fee", "status", "requestedAt", "data" },
//       "jobDetails": [N] { "programId", "param", "dataset", "result", "data" },
//       "jobAssigns": [N] { "node", "deposit", "gas", "startedAt", "submittedAt", "verifiedAt", "data" },
//       "slots":      [N] { "totalGas", "totalReward", "data" },
//       "verifier":   [N] { "address", "data" } },
//     "events": {
//       "Request": [N] { "owner", "jobId", "fee", "deadline", "topics": [32 bytes each], "data" },
//       "Cancel":  [N] { "jobId", "topics", "data" },
//       "Status":  [N] { "jobId", "nodeAddress", "status", "topics", "data" },
//       "Reward":  [N] { "nodeAddress", "slot", "gas", "topics", "data" },
//       "Penalty": [N] { "nodeAddress", "slashed", "topics", "data" },
//       "Transfer": [N] { "from", "to", "value", "topics", "data" } },
//     "reverts": [N] { "reason": UTF-8 string, "data": bytes of Error(string) } },
//   "rlp": [N + the edge cases] { "value": bytes, or a list of such values, nested; "encoded": bytes }
// }
import { parseArgs } from "node:util";

import { emethCoreAbi, emethTokenAbi } from "./emeth_abi.mjs";
import { ethers } from "./packages.mjs";
import { SeededRandom } from "./seeded_random.mjs";

const chainId = 60001;
const core = new ethers.Interface(emethCoreAbi);
const token = new ethers.Interface(emethTokenAbi);
const texts = [
    "",
    "a",
    "exactly thirty-two bytes of text",
    '{"language": "ja", "epoch": 2}',
    "日本語のデータセット",
    "line\nbreak\ttab \u0000 nul 🙂",
];

/** Makes every list; one instance, one random sequence. */
class VectorMaker {
    constructor(seed, count) {
        this.random = new SeededRandom(seed);
        this.count = count;
    }

    list(makeOne) {
        return Array.from({ length: this.count }, (_, index) => makeOne(index));
    }

    wallet() {
        return new ethers.Wallet(this.random.hex(32));
    }

    address() {
        return ethers.getAddress(this.random.hex(20));
    }

    jobId() {
        return this.random.hex(16);
    }

    uint() {
        return this.random.bigint().toString();
    }

    text() {
        if (this.random.below(2) === 0) return this.random.pick(texts);
        return this.random.bytes(this.random.below(120)).toString("base64");
    }

    signedTime() {
        return this.random.between(1_600_000_000_000, 2_000_000_000_000);
    }

    digestSignature(digest) {
        const wallet = this.wallet();
        const signature = wallet.signingKey.sign(digest);
        return { privateKey: wallet.privateKey, address: wallet.address, digest, signature: signature.serialized };
    }

    keys() {
        return this.list(() => {
            const wallet = this.wallet();
            return {
                privateKey: wallet.privateKey,
                address: wallet.address,
                addressLower: wallet.address.toLowerCase(),
                publicKey: wallet.signingKey.publicKey,
            };
        });
    }

    rawSignatures() {
        return this.list(() => {
            const wallet = this.wallet();
            const digest = this.random.hex(32);
            const { r, s, v, serialized } = wallet.signingKey.sign(digest);
            return { privateKey: wallet.privateKey, address: wallet.address, digest, r, s, v, signature: serialized };
        });
    }

    messageSignatures() {
        return this.list(() => {
            const text = this.text();
            return { text, ...this.digestSignature(ethers.hashMessage(text)) };
        });
    }

    jobRequestSignatures() {
        return this.list(() => {
            const [jobId, signedtime] = [this.jobId(), this.signedTime()];
            const digest = ethers.solidityPackedKeccak256(["string", "uint256"], [jobId, signedtime]);
            return { jobId, signedtime, ...this.digestSignature(digest) };
        });
    }

    datasetUploadSignatures() {
        return this.list(() => {
            const [jobId, sha256, signedtime] = [this.jobId(), this.random.hex(32), this.signedTime()];
            const bytes = this.random.below(2 ** 32);
            const endpoint = "emeth storage v2\n/api/v1/requester/signed-put-url\n";
            const digest = ethers.solidityPackedKeccak256(["string", "string", "bytes32", "uint256", "uint256"],
                                                          [endpoint, jobId, sha256, bytes, signedtime]);
            return { jobId, sha256, bytes, signedtime, ...this.digestSignature(digest) };
        });
    }

    connectSignatures() {
        return this.list(() => {
            const signedtime = this.signedTime();
            return { signedtime, ...this.digestSignature(ethers.solidityPackedKeccak256(["uint256"], [signedtime])) };
        });
    }

    keccak() {
        // Around the block length of 136 bytes and far beyond it.
        const lengths = [0, 1, 135, 136, 137, 271, 272, 1000];
        return this.list((index) => {
            const input = this.random.hex(lengths[index] ?? this.random.below(600));
            return { input, hash: ethers.keccak256(input) };
        });
    }

    transactions(type, feeFields) {
        return this.list((index) => {
            const wallet = this.wallet();
            const fields = {
                to: index % 4 === 3 ? null : this.address(),
                nonce: this.random.pick([0, 1, 127, 128, 255, 256, this.random.below(2 ** 32)]),
                chainId,
                gasLimit: this.random.bigint(8).toString(),
                ...feeFields(),
                value: this.uint(),
                data: this.random.hex(this.random.pick([0, 0, 1, 4, 36, 55, 56, 300, 3_000])),
            };
            const transaction = ethers.Transaction.from({ type, ...fields });
            const { unsignedHash } = transaction;
            transaction.signature = wallet.signingKey.sign(unsignedHash);
            const { serialized: raw, hash } = transaction;
            return { privateKey: wallet.privateKey, from: wallet.address, ...fields, unsignedHash, raw, hash };
        });
    }

    legacyTransactions() {
        return this.transactions(0, () => ({ gasPrice: this.random.bigint(12).toString() }));
    }

    eip1559Transactions() {
        return this.transactions(2, () => {
            const tip = this.random.bigint(10);
            return { maxPriorityFeePerGas: tip.toString(), maxFeePerGas: (tip + this.random.bigint(12)).toString() };
        });
    }

    createdContracts() {
        return this.list((index) => {
            const [from, nonce] = [this.address(), [0, 1, 127, 128, 255, 256][index] ?? this.random.below(2 ** 32)];
            return { from, nonce, address: ethers.getCreateAddress({ from, nonce }) };
        });
    }

    /** Encodes calls of `name`; `makeArguments` gives the named arguments in the order of the declaration. */
    calls(abi, name, makeArguments) {
        return this.list(() => {
            const values = makeArguments();
            return { ...values, data: abi.encodeFunctionData(name, Object.values(values)) };
        });
    }

    returns(name, makeValues) {
        return this.list(() => {
            const values = makeValues();
            return { ...values, data: core.encodeFunctionResult(name, Object.values(values)) };
        });
    }

    events(abi, name, makeArguments) {
        return this.list(() => {
            const values = makeArguments();
            return { ...values, ...abi.encodeEventLog(name, Object.values(values)) };
        });
    }

    abiCalls() {
        const ofJob = (name) => this.calls(core, name, () => ({ jobId: this.jobId() }));
        const jobCalls =
            ["process", "cancel", "decline", "rejectResult", "timeout", "jobs", "jobDetails", "jobAssigns"];
        return {
            ...Object.fromEntries(jobCalls.map((name) => [name, ofJob(name)])),
            request: this.calls(core, "request", () => ({
                jobId: this.jobId(),
                programId: this.uint(),
                dataset: this.text(),
                param: this.text(),
                fee: this.uint(),
                deadline: this.uint(),
            })),
            submit: this.calls(core, "submit", () => ({ jobId: this.jobId(), result: this.text() })),
            verify: this.calls(core, "verify", () => ({ jobId: this.jobId(), gas: this.uint() })),
            withdrawSlotReward: this.calls(core, "withdrawSlotReward", () => ({ slot: this.uint() })),
            slotBalances: this.calls(core, "slotBalances", () => ({ slot: this.uint(), node: this.address() })),
            jobAssignedHistory:
                this.calls(core, "jobAssignedHistory", () => ({ node: this.address(), index: this.uint() })),
            approve: this.calls(token, "approve", () => ({ spender: this.address(), amount: this.uint() })),
            transfer: this.calls(token, "transfer", () => ({ to: this.address(), amount: this.uint() })),
            allowance: this.calls(token, "allowance", () => ({ owner: this.address(), spender: this.address() })),
            balanceOf: this.calls(token, "balanceOf", () => ({ account: this.address() })),
        };
    }

    abiReturns() {
        return {
            jobs: this.returns("jobs", () => ({
                exist: this.random.below(2) === 1,
                jobId: this.jobId(),
                owner: this.address(),
                deadline: this.uint(),
                fee: this.uint(),
                status: String(this.random.below(10)),
                requestedAt: this.uint(),
            })),
            jobDetails: this.returns("jobDetails", () => ({
                programId: this.uint(),
                param: this.text(),
                dataset: this.text(),
                result: this.text(),
            })),
            jobAssigns: this.returns("jobAssigns", () => ({
                node: this.address(),
                deposit: this.uint(),
                gas: this.uint(),
                startedAt: this.uint(),
                submittedAt: this.uint(),
                verifiedAt: this.uint(),
            })),
            slots: this.returns("slots", () => ({ totalGas: this.uint(), totalReward: this.uint() })),
            verifier: this.returns("verifier", () => ({ address: this.address() })),
        };
    }

    abiEvents() {
        return {
            Request: this.events(core, "Request", () => ({
                owner: this.address(),
                jobId: this.jobId(),
                fee: this.uint(),
                deadline: this.uint(),
            })),
            Cancel: this.events(core, "Cancel", () => ({ jobId: this.jobId() })),
            Status: this.events(core, "Status", () => ({
                jobId: this.jobId(),
                nodeAddress: this.address(),
                status: String(this.random.below(10)),
            })),
            Reward: this.events(
                core, "Reward", () => ({ nodeAddress: this.address(), slot: this.uint(), gas: this.uint() })),
            Penalty: this.events(core, "Penalty", () => ({ nodeAddress: this.address(), slashed: this.uint() })),
            Transfer: this.events(
                token, "Transfer", () => ({ from: this.address(), to: this.address(), value: this.uint() })),
        };
    }

    reverts() {
        const errors = new ethers.Interface(["error Error(string)"]);
        return this.list(() => {
            const reason = this.text();
            return { reason, data: errors.encodeErrorResult("Error", [reason]) };
        });
    }

    abi() {
        const functions =
            [core, token].flatMap((abi) => abi.fragments.filter((fragment) => fragment.type === "function"));
        const events = [core, token].flatMap((abi) => abi.fragments.filter((fragment) => fragment.type === "event"));
        return {
            selectors:
                functions.map((fragment) => ({ signature: fragment.format("sighash"), selector: fragment.selector })),
            topics: events.map((fragment) => ({ signature: fragment.format("sighash"), topic: fragment.topicHash })),
            calls: this.abiCalls(),
            returns: this.abiReturns(),
            events: this.abiEvents(),
            reverts: this.reverts(),
        };
    }

    rlpValue(depthLeft) {
        if (depthLeft === 0 || this.random.below(2) === 0) {
            return this.random.hex(this.random.pick([0, 1, 1, 2, 20, 32, 54, 55, 56, 57, 255, 256]));
        }
        return Array.from({ length: this.random.below(6) }, () => this.rlpValue(depthLeft - 1));
    }

    rlp() {
        const filled = (count) => "0x" + "61".repeat(count);
        const edges = [
            "0x",
            "0x00",
            "0x01",
            "0x7f",
            "0x80",
            "0xff",
            filled(55),
            filled(56),
            filled(255),
            filled(256),
            filled(65_535),
            filled(65_536),
            [],
            [[]],
            [[], [[]], [[], [[]]]],
            ["0x"],
            [filled(54)],
            [filled(55)],
            Array(55).fill("0x01"),
            Array(56).fill("0x01"),
        ];
        const values = [...edges, ...this.list(() => this.rlpValue(6))];
        return values.map((value) => ({ value, encoded: ethers.encodeRlp(value) }));
    }
}

function readArguments() {
    const { values } = parseArgs(
        { options: { seed: { type: "string", default: "1" }, count: { type: "string", default: "20" } } });
    const count = Number(values.count);
    if (!Number.isInteger(count) || count < 1 || count > 10_000) {
        throw new Error(`--count ${values.count}: give a whole number from 1 to 10000`);
    }
    return { seed: values.seed, count };
}

const { seed, count } = readArguments();
const maker = new VectorMaker(seed, count);
const vectors = {
    seed,
    count,
    chainId,
    keys: maker.keys(),
    rawSignatures: maker.rawSignatures(),
    messageSignatures: maker.messageSignatures(),
    jobRequestSignatures: maker.jobRequestSignatures(),
    datasetUploadSignatures: maker.datasetUploadSignatures(),
    connectSignatures: maker.connectSignatures(),
    keccak: maker.keccak(),
    legacyTransactions: maker.legacyTransactions(),
    eip1559Transactions: maker.eip1559Transactions(),
    createdContracts: maker.createdContracts(),
    abi: maker.abi(),
    rlp: maker.rlp(),
};
process.stdout.write(JSON.stringify(vectors, null, 1) + "\n");
