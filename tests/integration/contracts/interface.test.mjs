// The compiled contracts against the published interface, the constants of Round 3, and the token by itself.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { readArtifact, startAnvil } from "../../support/anvil.mjs";
import { emethCoreAbi, emethTokenAbi } from "../../support/emeth_abi.mjs";
import { ethers } from "../../support/packages.mjs";
import { emt, Network } from "./network.mjs";

let network;
before(async () => {
    network = await Network.start();
});
after(() => network?.stop());

/** Signature, mutability and named results of each function; signature and indexed arguments of each event. */
function surface(abi) {
    const fragments = abi.fragments.filter((fragment) => ["function", "event"].includes(fragment.type));
    return new Set(fragments.map((fragment) => {
        if (fragment.type === "event") return fragment.format("full");
        const results = fragment.outputs.map((output) => `${output.type} ${output.name}`.trim()).join(", ");
        const mutability = fragment.stateMutability === "pure" ? "view" : fragment.stateMutability;
        return `${fragment.format("sighash")} ${mutability} -> ${results}`;
    }));
}

describe("the interface", () => {
    const ownable = [
        "owner() view -> address", "renounceOwnership() nonpayable ->", "transferOwnership(address) nonpayable ->",
        "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)"
    ];
    const additions = {
        EmethCore: ownable,
        EmethToken: [...ownable, "name() view -> string", "symbol() view -> string"]
    };
    for (const [contractName, published] of [["EmethCore", emethCoreAbi], ["EmethToken", emethTokenAbi]]) {
        it(`of ${contractName} is the published one and its owner's functions`, () => {
            const compiled = surface(new ethers.Interface(readArtifact(contractName).abi));
            const expected = surface(new ethers.Interface(published));
            for (const line of additions[contractName]) expected.add(line.endsWith("->") ? `${line} ` : line);
            assert.deepEqual([...compiled].sort(), [...expected].sort());
        });
    }
});

describe("EmethCore", () => {
    it("has the rates of Round 3", async () => {
        const { core } = network;
        assert.equal(await core.DEPOSIT_RATE(), 100_000n);
        assert.equal(await core.TIMEOUT_PENALTY_RATE(), 25_000n);
        assert.equal(await core.DECLINE_PENALTY_RATE(), 25_000n);
        assert.equal(await core.FAILED_PENALTY_RATE(), 25_000n);
        assert.equal(await core.VERIFIER_FEE(), emt(10));
        assert.equal(await core.MAX_SLOT_GAS_PER_NODE(), ethers.MaxUint256);
        assert.equal(await core.emtToken(), network.token.target);
    });

    it("knows its verifier", async () => {
        assert.equal(await network.core.verifier(), network.address.verifier);
        assert.equal(await network.core.isVerifier(network.address.verifier), true);
        assert.equal(await network.core.isVerifier(network.address.owner), false);
    });

    it("estimates gas from megabytes and complexity", async () => {
        assert.equal(await network.core.getEstimatedGas(100n, 5822n), 582n);
        assert.equal(await network.core.getEstimatedGas(1n, 5822n), 5n);
        assert.equal(await network.core.getEstimatedGas(0n, 5822n), 0n);
    });

    it("refuses to be deployed with an address without a token", async () => {
        const { abi, bytecode } = readArtifact("EmethCore");
        const { data } = await new ethers.ContractFactory(abi, bytecode).getDeployTransaction(network.address.stranger);
        const receipt = await network.chain.transact(network.address.owner, undefined, data);
        assert.equal(receipt.status, 0);
    });
});

describe("EMT", () => {
    it("has 18 decimals, and EmethCore as its minter", async () => {
        assert.equal(await network.token.decimals(), 18n);
        assert.equal(await network.token.minter(), network.core.target);
        assert.equal(await network.token.owner(), network.address.owner);
    });

    it("is minted by the owner and the minter alone", async () => {
        const { address } = network;
        const reason = "EmethToken: only the minter or the owner may call this";
        assert.equal(await network.refusalOfToken("stranger", "mint", address.stranger, 1n), reason);
        assert.equal(await network.refusalOfToken("stranger", "setMinter", address.stranger), reason);
        const { changes } = await network.actOnToken("owner", "mint", address.nodeA, 5n);
        assert.deepEqual(changes, { nodeA: 5n, supply: 5n });
    });

    it("hands minting over", async () => {
        const { address } = network;
        await network.actOnToken("owner", "setMinter", address.nodeB);
        await network.actOnToken("nodeB", "mint", address.nodeB, 7n);
        await network.actOnToken("nodeB", "setMinter", network.core.target);
        assert.equal(await network.refusalOfToken("nodeB", "mint", address.nodeB, 1n),
            "EmethToken: only the minter or the owner may call this");
    });

    it("is burned from the caller's own balance", async () => {
        const { changes } = await network.actOnToken("nodeA", "burn", emt(3));
        assert.deepEqual(changes, { nodeA: -emt(3), supply: -emt(3) });
        assert.equal(await network.refusalOfToken("stranger", "burn", 1n),
            "EmethToken: EMT balance is below the amount to burn");
    });

    it("lets the owner alone transfer its ownership", async () => {
        assert.equal(await network.refusalOfToken("stranger", "transferOwnership", network.address.stranger),
            "EmethToken: only the owner may call this");
    });
});

describe("anvil", () => {
    it("ends when the test stops it", async () => {
        const chain = await startAnvil();
        const chainIdHex = await chain.rpc("eth_chainId");
        assert.equal(Number(chainIdHex), 60001);
        await chain.stop();
        await assert.rejects(fetch(chain.url, { method: "POST", body: "{}" }));
    });
});
