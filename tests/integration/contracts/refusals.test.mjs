// What each call refuses, and with which message: wrong callers, wrong states, missing money.
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

/** The calls that move a JOB on: who may make them and in which status. */
const moves = [
    { method: "cancel", caller: "requester", from: JobStatus.REQUESTED, values: [] },
    { method: "process", caller: "nodeB", from: JobStatus.REQUESTED, values: [] },
    { method: "decline", caller: "nodeA", from: JobStatus.PROCESSING, values: [], ofNode: true },
    { method: "submit", caller: "nodeA", from: JobStatus.PROCESSING, values: ["result.tar"], ofNode: true },
    { method: "timeout", caller: "verifier", from: JobStatus.PROCESSING, values: [] },
    { method: "verify", caller: "verifier", from: JobStatus.SUBMITTED, values: [1n] },
    { method: "rejectResult", caller: "verifier", from: JobStatus.SUBMITTED, values: [] },
];
const nameOfStatus = (status) => Object.keys(JobStatus).find((name) => JobStatus[name] === status);
const neverAssigned = [JobStatus.REQUESTED, JobStatus.CANCELED];

describe("a JOB in the wrong state", () => {
    for (const [statusName, status] of Object.entries(JobStatus)) {
        it(`refuses calls that do not fit ${statusName}`, async () => {
            const jobId = await network.jobIn(status);
            await network.chain.mineAt((await network.core.jobs(jobId)).deadline + 10n);
            for (const { method, caller, from, values, ofNode } of moves.filter((move) => move.from !== status)) {
                const reason = await network.refusal(caller, method, jobId, ...values);
                const expected = ofNode && neverAssigned.includes(status)
                    ? "EmethCore: the JOB is not assigned to this node"
                    : `EmethCore: the JOB is ${statusName}, not ${nameOfStatus(from)}`;
                assert.equal(reason, expected, `${method} in ${statusName}`);
            }
            assert.equal((await network.core.jobs(jobId)).status, status);
        });
    }
});

describe("the wrong caller", () => {
    const reasons = {
        cancel: "EmethCore: only the requester of the JOB may call this",
        decline: "EmethCore: the JOB is not assigned to this node",
        submit: "EmethCore: the JOB is not assigned to this node",
        timeout: "EmethCore: only the verifier may call this",
        verify: "EmethCore: only the verifier may call this",
        rejectResult: "EmethCore: only the verifier may call this",
    };
    for (const { method, caller, from, values } of moves.filter((move) => reasons[move.method])) {
        it(`may not ${method}`, async () => {
            const jobId = await network.jobIn(from);
            await network.chain.mineAt((await network.core.jobs(jobId)).deadline + 10n);
            for (const name of ["owner", "verifier", "requester", "nodeA", "nodeB", "stranger"].filter(
                     (other) => other !== caller)) {
                assert.equal(
                    await network.refusal(name, method, jobId, ...values), reasons[method], `${method} by ${name}`);
            }
        });
    }

    it("may not set the verifier", async () => {
        for (const name of ["verifier", "requester", "nodeA", "stranger"]) {
            assert.equal(await network.refusal(name, "setVerifier", network.address.stranger),
                "EmethCore: only the owner may call this");
        }
        assert.equal(await network.core.verifier(), network.address.verifier);
    });
});

describe("an unknown JOB", () => {
    for (const { method, caller, values } of moves) {
        it(`refuses ${method}`, async () => {
            assert.equal(await network.refusal(caller, method, network.newJobId(), ...values),
                "EmethCore: there is no JOB with this id");
        });
    }
});

describe("request", () => {
    const request = (name, jobId, fee) =>
        network.refusal(name, "request", jobId, 1n, "dataset", "{}", fee, 2_000_000_000n);

    it("refuses a fee below VERIFIER_FEE", async () => {
        const reason = "EmethCore: the fee must be at least the verifier fee of 10 EMT";
        assert.equal(await request("requester", network.newJobId(), emt(10) - 1n), reason);
        assert.equal(await request("requester", network.newJobId(), 0n), reason);
    });

    it("refuses an id that has ever been used", async () => {
        for (const status of [JobStatus.REQUESTED, JobStatus.CANCELED, JobStatus.VERIFIED]) {
            const jobId = await network.jobIn(status);
            assert.equal(
                await request("requester", jobId, emt(20)), "EmethCore: this JOB id is taken, choose another one");
        }
    });

    it("refuses a caller without enough EMT, even for the largest fee", async () => {
        const reason = "EmethCore: the EMT balance is below the amount to lock";
        assert.equal(await request("stranger", network.newJobId(), emt(10)), reason);
        assert.equal(await request("requester", network.newJobId(), ethers.MaxUint256), reason);
    });

    it("refuses without an allowance", async () => {
        const jobId = network.newJobId();
        await network.actOnToken("requester", "approve", network.core.target, emt(20) - 1n);
        assert.equal(await request("requester", jobId, emt(20)),
            "EmethCore: the EMT allowance is below the amount to lock, approve EmethCore first");
        await network.actOnToken("requester", "approve", network.core.target, ethers.MaxUint256);
        assert.equal((await network.core.jobs(jobId)).exist, false);
    });
});

describe("process", () => {
    it("refuses a caller who cannot pay the deposit", async () => {
        const jobId = await network.jobIn(JobStatus.REQUESTED);
        await network.actOnToken("owner", "mint", network.address.stranger, emt(20) - 1n);
        await network.actOnToken("stranger", "approve", network.core.target, emt(20));
        assert.equal(await network.refusal("stranger", "process", jobId),
            "EmethCore: the EMT balance is below the amount to lock");
        await network.actOnToken("owner", "mint", network.address.stranger, 1n);
        await network.act("stranger", "process", jobId);
    });

    it("refuses an allowance below the deposit, and uses up one that is exact", async () => {
        const jobId = await network.jobIn(JobStatus.REQUESTED);
        await network.actOnToken("nodeC", "approve", network.core.target, emt(20) - 1n);
        assert.equal(await network.refusal("nodeC", "process", jobId),
            "EmethCore: the EMT allowance is below the amount to lock, approve EmethCore first");
        await network.actOnToken("nodeC", "approve", network.core.target, emt(20));
        await network.act("nodeC", "process", jobId);
        assert.equal(await network.token.allowance(network.address.nodeC, network.core.target), 0n);
        await network.actOnToken("nodeC", "approve", network.core.target, ethers.MaxUint256);
    });
});

describe("setVerifier", () => {
    it("refuses the zero address", async () => {
        const reason = "EmethCore: the verifier must not be the zero address";
        assert.equal(await network.refusal("owner", "setVerifier", ethers.ZeroAddress), reason);
    });
});
