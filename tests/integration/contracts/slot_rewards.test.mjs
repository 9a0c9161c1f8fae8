// Slot rewards: the schedule of twenty years, the shares of a day, and that each can be withdrawn once.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { JobStatus } from "../../support/emeth_abi.mjs";
import { chainStartTime, daySeconds, emt, Network } from "./network.mjs";

const firstReward = emt(288_000);
const decrement = emt(600 * 24) / 365n;
const startSlot = BigInt(Math.floor(chainStartTime / daySeconds));

let network;
before(async () => {
    network = await Network.start();
});
after(() => network?.stop());

/** The first second of the next day that no block has reached. */
async function nextMidnight() {
    return BigInt(Math.floor((await network.chain.time()) / daySeconds) + 1) * BigInt(daySeconds);
}

async function verifyFor(node, gas) {
    const jobId = await network.jobIn(JobStatus.VERIFIED, { node, gas });
    return { jobId, slot: await network.core.currentSlot() };
}

describe("the schedule", () => {
    const rewardOf = async (slot) => (await network.core.slots(slot)).totalReward;

    it("starts with 288,000 EMT in the slot of the deployment", async () => {
        assert.equal(await network.core.startSlot(), startSlot);
        assert.equal(await network.core.currentSlot(), startSlot);
        assert.equal(await network.core.currentSlotReward(), firstReward);
        assert.equal(await rewardOf(startSlot), firstReward);
    });

    it("falls by floor(600 * 24 EMT / 365) each day", async () => {
        assert.equal(decrement, 39_452_054_794_520_547_945n);
        for (const days of [1n, 2n, 365n, 3650n, 7299n, 7300n]) {
            assert.equal(await rewardOf(startSlot + days), firstReward - days * decrement, `after ${days} days`);
        }
        assert.ok(firstReward - 7300n * decrement < 7300n, "what rounding leaves on the last day");
    });

    it("is 0 after the last day and before the first", async () => {
        for (const slot of [startSlot + 7301n, startSlot + 100_000n, 2n ** 255n, 2n ** 256n - 1n, startSlot - 1n, 0n]) {
            assert.equal(await rewardOf(slot), 0n, `slot ${slot}`);
        }
    });
});

describe("a day's reward", () => {
    it("is shared by gas once the day is over", async () => {
        await network.chain.mineAt(await nextMidnight());
        const shares = { nodeA: 600n, nodeB: 300n, nodeC: 100n };
        for (const [node, gas] of Object.entries(shares)) await verifyFor(node, gas);
        const slot = await network.core.currentSlot();
        const reward = firstReward - (slot - startSlot) * decrement;
        assert.deepEqual([...(await network.core.slots(slot))], [1000n, reward]);

        const midnight = await nextMidnight();
        await network.chain.setNextBlockTime(midnight - 1n);
        assert.equal(await network.refusal("nodeA", "withdrawSlotReward", slot),
            "EmethCore: the slot is still open, withdraw after 0:00 UTC");
        await network.chain.setNextBlockTime(midnight);
        for (const [node, gas] of Object.entries(shares)) {
            const { changes } = await network.act(node, "withdrawSlotReward", slot);
            const share = reward * gas / 1000n;
            assert.deepEqual(changes, { [node]: share, supply: share });
        }
    });

    it("is minted once per node", async () => {
        const { slot } = await verifyFor("nodeA", 5n);
        await network.chain.mineAt(await nextMidnight());
        await network.act("nodeA", "withdrawSlotReward", slot);
        const reason = "EmethCore: no reward of this slot is left for this node";
        assert.equal(await network.refusal("nodeA", "withdrawSlotReward", slot), reason);
        assert.equal(await network.refusal("nodeB", "withdrawSlotReward", slot), reason);
        assert.equal(await network.core.slotBalances(slot, network.address.nodeA), 0n);
        assert.equal(await network.core.slotGas(slot, network.address.nodeA), 5n, "what was earned stays on record");
    });

    it("is rounded down, so that shares never exceed it", async () => {
        const shares = { nodeA: 1n, nodeB: 2n, nodeC: 1_000_000n };
        let slot;
        for (const [node, gas] of Object.entries(shares)) ({ slot } = await verifyFor(node, gas));
        await network.chain.mineAt(await nextMidnight());
        const { totalReward } = await network.core.slots(slot);
        let minted = 0n;
        for (const node of Object.keys(shares))
            minted += (await network.act(node, "withdrawSlotReward", slot)).changes.supply;
        assert.ok(minted <= totalReward && totalReward - minted < 3n, `${minted} of ${totalReward}`);
        assert.notEqual(minted, totalReward, "a reward without a remainder would test no rounding");
    });

    it("adds up a node's JOBs and lists the slot once", async () => {
        const countBefore = await network.core.nodeSlotCount(network.address.nodeB);
        await verifyFor("nodeB", 10n);
        const { slot } = await verifyFor("nodeB", 32n);
        assert.equal(await network.core.slotGas(slot, network.address.nodeB), 42n);
        assert.equal(await network.core.slotBalances(slot, network.address.nodeB), 42n);
        assert.equal(await network.core.nodeSlotCount(network.address.nodeB), countBefore + 1n);
        assert.equal(await network.core.nodeSlots(network.address.nodeB, countBefore), slot);
        assert.equal(await network.core.nodeSlotUnique(network.address.nodeB, slot), true);
        assert.equal(await network.core.nodeSlotUnique(network.address.nodeB, slot + 1n), false);
    });

    it("belongs to the day of the verdict, not of the submit", async () => {
        const jobId = await network.jobIn(JobStatus.SUBMITTED, { node: "nodeC" });
        const submitSlot = await network.core.currentSlot();
        await network.chain.mineAt(await nextMidnight());
        await network.act("verifier", "verify", jobId, 77n);
        assert.equal(await network.core.slotGas(submitSlot, network.address.nodeC), 0n);
        assert.equal(await network.core.slotGas(submitSlot + 1n, network.address.nodeC), 77n);
    });

    it("goes to nobody on a day without gas", async () => {
        await network.chain.mineAt(await nextMidnight());
        const { slot } = await verifyFor("nodeA", 0n);
        await network.chain.mineAt(await nextMidnight());
        assert.equal((await network.core.slots(slot)).totalGas, 0n);
        const reason = "EmethCore: no reward of this slot is left for this node";
        assert.equal(await network.refusal("nodeA", "withdrawSlotReward", slot), reason);
        assert.equal(await network.refusal("stranger", "withdrawSlotReward", startSlot - 1n), reason);
    });

    it("waits for years, and does not overflow with huge amounts of gas", async () => {
        await network.chain.mineAt(await nextMidnight());
        await verifyFor("nodeA", 2n ** 255n - 1n);
        const { slot } = await verifyFor("nodeB", 2n ** 255n - 1n);
        await network.chain.mineAt((await nextMidnight()) + 1000n * BigInt(daySeconds));
        const { totalReward } = await network.core.slots(slot);
        for (const node of ["nodeA", "nodeB"]) {
            const { changes } = await network.act(node, "withdrawSlotReward", slot);
            assert.deepEqual(changes, { [node]: totalReward / 2n, supply: totalReward / 2n });
        }
    });

    it("is nothing after twenty years, and withdrawing it is harmless", async () => {
        await network.chain.mineAt((startSlot + 7301n) * BigInt(daySeconds));
        assert.equal(await network.core.currentSlotReward(), 0n);
        const { slot } = await verifyFor("nodeA", 582n);
        await network.chain.mineAt(await nextMidnight());
        const { changes } = await network.act("nodeA", "withdrawSlotReward", slot);
        assert.deepEqual(changes, {});
    });
});
