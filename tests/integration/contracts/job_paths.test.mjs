// Every way a JOB can end: who gets what, to the wei, which events report it, and what the contract remembers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { JobStatus } from "../../support/emeth_abi.mjs";
import { ethers } from "../../support/packages.mjs";
import { emt, Network } from "./network.mjs";

let network;
before(async () => {
    network = await Network.start();
});
after(() => network?.stop());

const noAddress = ethers.ZeroAddress;

describe("request", () => {
    it("locks the fee and stores the JOB", async () => {
        const jobId = network.newJobId();
        const { receipt, events, changes } = await network.act("requester", "request", jobId, 7n, "dataset/名前.txt",
            '{"language": "ja", "epoch": 2}', emt(20), 2_000_000_000n);

        assert.deepEqual(changes, { requester: -emt(20), core: emt(20) });
        assert.deepEqual(events, [["Request", "requester", jobId, emt(20), 2_000_000_000n]]);
        const { timestamp } = await receipt.getBlock();
        assert.deepEqual([...(await network.core.jobs(jobId))],
            [true, jobId, network.address.requester, 2_000_000_000n, emt(20), JobStatus.REQUESTED, BigInt(timestamp)]);
        assert.deepEqual([...(await network.core.jobDetails(jobId))],
            [7n, '{"language": "ja", "epoch": 2}', "dataset/名前.txt", ""]);
        assert.deepEqual([...(await network.core.jobAssigns(jobId))], [noAddress, 0n, 0n, 0n, 0n, 0n]);
    });

    it("takes a fee of exactly VERIFIER_FEE and a deadline that has passed", async () => {
        const jobId = network.newJobId();
        const { changes } = await network.act("requester", "request", jobId, 1n, "", "", emt(10), 0n);
        assert.deepEqual(changes, { requester: -emt(10), core: emt(10) });
    });

    it("lists JOBs in their order", async () => {
        const listed = await network.core.queryFilter("Request", 0);
        const jobId = await network.jobIn(JobStatus.REQUESTED);
        assert.equal(await network.core.jobIndexes(listed.length), jobId);
        await assert.rejects(network.core.jobIndexes(listed.length + 1));
    });

    it("says of an unknown JOB that it does not exist", async () => {
        const unknown = network.newJobId();
        assert.deepEqual([...(await network.core.jobs(unknown))],
            [false, ethers.ZeroHash.slice(0, 34), noAddress, 0n, 0n, 0n, 0n]);
    });
});

describe("cancel", () => {
    it("gives the fee back", async () => {
        const jobId = await network.jobIn(JobStatus.REQUESTED);
        const { events, changes } = await network.act("requester", "cancel", jobId);
        assert.deepEqual(changes, { requester: emt(20), core: -emt(20) });
        assert.deepEqual(events, [["Cancel", jobId]]);
        assert.equal((await network.core.jobs(jobId)).status, JobStatus.CANCELED);
    });
});

describe("process", () => {
    it("locks a deposit as high as the fee and assigns the JOB", async () => {
        const jobId = await network.jobIn(JobStatus.REQUESTED, { fee: emt("20.000000000000000003") });
        const assignedBefore = await network.core.jobAssignedCount(network.address.nodeB);
        const { receipt, events, changes } = await network.act("nodeB", "process", jobId);

        assert.deepEqual(changes, { nodeB: -emt("20.000000000000000003"), core: emt("20.000000000000000003") });
        assert.deepEqual(events, [["Status", jobId, "nodeB", JobStatus.PROCESSING]]);
        const { timestamp } = await receipt.getBlock();
        assert.deepEqual([...(await network.core.jobAssigns(jobId))],
            [network.address.nodeB, emt("20.000000000000000003"), 0n, BigInt(timestamp), 0n, 0n]);
        assert.equal(await network.core.jobAssignedCount(network.address.nodeB), assignedBefore + 1n);
        assert.equal(await network.core.jobAssignedHistory(network.address.nodeB, assignedBefore), jobId);
    });

    it("works after the deadline, too", async () => {
        const jobId = network.newJobId();
        await network.act("requester", "request", jobId, 1n, "", "", emt(20), 1n);
        const { changes } = await network.act("nodeA", "process", jobId);
        assert.deepEqual(changes, { nodeA: -emt(20), core: emt(20) });
    });
});

describe("decline", () => {
    it("returns the fee, burns a quarter of the deposit, returns the rest", async () => {
        const jobId = await network.jobIn(JobStatus.PROCESSING);
        const { events, changes } = await network.act("nodeA", "decline", jobId);
        assert.deepEqual(changes, { requester: emt(20), nodeA: emt(15), core: -emt(40), supply: -emt(5) });
        assert.deepEqual(events, [["Status", jobId, "nodeA", JobStatus.DECLINED], ["Penalty", "nodeA", emt(5)]]);
    });

    it("rounds the penalty down", async () => {
        const jobId = await network.jobIn(JobStatus.PROCESSING, { fee: emt(20) + 3n });
        const { changes } = await network.act("nodeA", "decline", jobId);
        assert.deepEqual(
            changes, { requester: emt(20) + 3n, nodeA: emt(15) + 3n, core: -emt(40) - 6n, supply: -emt(5) });
    });
});

describe("submit", () => {
    it("stores the result and moves no money", async () => {
        const jobId = await network.jobIn(JobStatus.PROCESSING);
        const { receipt, events, changes } = await network.act("nodeA", "submit", jobId, "0123.tar");
        assert.deepEqual(changes, {});
        assert.deepEqual(events, [["Status", jobId, "nodeA", JobStatus.SUBMITTED]]);
        assert.equal((await network.core.jobDetails(jobId)).result, "0123.tar");
        const { timestamp } = await receipt.getBlock();
        assert.equal((await network.core.jobAssigns(jobId)).submittedAt, BigInt(timestamp));
    });

    it("counts after the deadline until the verifier has called timeout", async () => {
        const jobId = await network.jobIn(JobStatus.PROCESSING);
        const { deadline } = await network.core.jobs(jobId);
        await network.chain.mineAt(deadline + 1000n);
        await network.act("nodeA", "submit", jobId, "late.tar");
        assert.equal(
            await network.refusal("verifier", "timeout", jobId), "EmethCore: the JOB is SUBMITTED, not PROCESSING");
        const { changes } = await network.act("verifier", "verify", jobId, 1n);
        assert.deepEqual(changes, { verifier: emt(10), nodeA: emt(30), core: -emt(40) });
    });
});

describe("timeout", () => {
    it("is refused at the deadline, and one second later burns a quarter of the deposit", async () => {
        const jobId = await network.jobIn(JobStatus.PROCESSING);
        const { deadline } = await network.core.jobs(jobId);
        await network.chain.setNextBlockTime(deadline);
        assert.equal(await network.refusal("verifier", "timeout", jobId),
            "EmethCore: the deadline of the JOB has not passed yet");
        await network.chain.setNextBlockTime(deadline + 1n);
        const { events, changes } = await network.act("verifier", "timeout", jobId);
        assert.deepEqual(changes, { requester: emt(20), nodeA: emt(15), core: -emt(40), supply: -emt(5) });
        assert.deepEqual(events, [["Status", jobId, "nodeA", JobStatus.TIMEOUT], ["Penalty", "nodeA", emt(5)]]);
        assert.equal(
            await network.refusal("nodeA", "submit", jobId, "x.tar"), "EmethCore: the JOB is TIMEOUT, not PROCESSING");
    });
});

describe("verify", () => {
    it("returns the deposit, pays fee less VERIFIER_FEE to the node and VERIFIER_FEE to the verifier", async () => {
        const jobId = await network.jobIn(JobStatus.SUBMITTED);
        const { receipt, events, changes } = await network.act("verifier", "verify", jobId, 582n);
        assert.deepEqual(changes, { verifier: emt(10), nodeA: emt(30), core: -emt(40) });
        const slot = await network.core.currentSlot();
        assert.deepEqual(events, [["Status", jobId, "nodeA", JobStatus.VERIFIED], ["Reward", "nodeA", slot, 582n]]);
        const { timestamp } = await receipt.getBlock();
        const assign = await network.core.jobAssigns(jobId);
        assert.deepEqual([assign.gas, assign.verifiedAt], [582n, BigInt(timestamp)]);
    });

    it("leaves the node its deposit alone when the fee is VERIFIER_FEE", async () => {
        const jobId = await network.jobIn(JobStatus.SUBMITTED, { fee: emt(10) });
        const { changes } = await network.act("verifier", "verify", jobId, 1n);
        assert.deepEqual(changes, { verifier: emt(10), nodeA: emt(10), core: -emt(20) });
    });

    it("pays a new verifier for a JOB submitted before", async () => {
        const jobId = await network.jobIn(JobStatus.SUBMITTED);
        await network.act("owner", "setVerifier", network.address.stranger);
        assert.equal(
            await network.refusal("verifier", "verify", jobId, 1n), "EmethCore: only the verifier may call this");
        const { changes } = await network.act("stranger", "verify", jobId, 1n);
        assert.deepEqual(changes, { stranger: emt(10), nodeA: emt(30), core: -emt(40) });
        await network.act("owner", "setVerifier", network.address.verifier);
    });
});

describe("rejectResult", () => {
    const cases = [
        { fee: "20", penalty: "5", rest: "5" },
        { fee: "13.4", penalty: "3.35", rest: "0.05" },
        { fee: "13.333333333333333333", penalty: "3.333333333333333333", rest: "0" },
        { fee: "12", penalty: "2", rest: "0" },
        { fee: "10.000000000000000001", penalty: "0.000000000000000001", rest: "0" },
        { fee: "10", penalty: "0", rest: "0" },
    ];
    for (const { fee, penalty, rest } of cases) {
        it(`takes 10 and then ${penalty} EMT from a deposit of ${fee} EMT`, async () => {
            const jobId = await network.jobIn(JobStatus.SUBMITTED, { fee: emt(fee) });
            const { events, changes } = await network.act("verifier", "rejectResult", jobId);
            const expected = {
                requester: emt(fee),
                verifier: emt(10),
                nodeA: emt(rest),
                core: -2n * emt(fee),
                supply: -emt(penalty)
            };
            assert.deepEqual(
                changes, Object.fromEntries(Object.entries(expected).filter(([, amount]) => amount !== 0n)));
            assert.deepEqual(events,
                [["Status", jobId, "nodeA", JobStatus.FAILED], ["Penalty", "nodeA", emt(10) + emt(penalty)]]);
        });
    }
});
