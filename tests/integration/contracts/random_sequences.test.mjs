// Random calls by random people at random times, against the model: both refuse the same calls, and after each call
// everybody has the same money. EMETH_TEST_SEED repeats one sequence; a failure names its seed.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { JobStatus } from "../../support/emeth_abi.mjs";
import { ethers } from "../../support/packages.mjs";
import { SeededRandom } from "../../support/seeded_random.mjs";
import { MoneyModel } from "./money_model.mjs";
import { daySeconds, emt, Network, people } from "./network.mjs";

const seeds = process.env.EMETH_TEST_SEED ? [process.env.EMETH_TEST_SEED] : ["1", "2", "3"];
const stepsMax = 100;
const nodes = ["nodeA", "nodeB", "nodeC"];

/** The calls that move a JOB on, by its status. */
const movesFrom = new Map([
    [JobStatus.REQUESTED, ["process", "process", "process", "cancel"]],
    [JobStatus.PROCESSING, ["submit", "submit", "submit", "timeout", "decline"]],
    [JobStatus.SUBMITTED, ["verify", "verify", "rejectResult"]],
]);
const methods = ["request", "withdrawSlotReward", ...new Set([...movesFrom.values()].flat())];

class Sequence {
    constructor(network, model, random) {
        Object.assign(this, { network, model, random });
        this.accepted = {};
        this.refused = 0;
    }

    /** When the next call is mined: mostly soon, sometimes hours or days later. */
    nextTime(now) {
        const waits = [1, 1, 1, 2, 60, 1800, 3600, 7200, daySeconds];
        return BigInt(now + this.random.pick(waits));
    }

    /** Mostly a call that fits, sometimes one by the wrong person, or any call of anybody. */
    nextCall(time) {
        const choice = this.random.below(8);
        if (choice < 2) return this.strayCall(time);
        if (choice === 2) return this.withdrawal(time);
        const running = [...this.model.jobs].filter(([, job]) => movesFrom.has(job.status));
        if (running.length === 0 || choice === 3)
            return this.call("request", this.random.pick(["requester", "nodeC"]), time);
        const [jobId, job] = this.random.pick(running);
        const method = this.random.pick(movesFrom.get(job.status));
        const name = this.random.below(6) === 0 ? this.random.pick(people) : this.rightCaller(method, job);
        return this.call(method, name, time, jobId);
    }

    /** Of a reward not withdrawn yet, if there is one; its day may be still running. */
    withdrawal(time) {
        const open = [...this.model.slots].flatMap(([slot, { own, withdrawn }]) =>
            [...own.keys()].filter((name) => !withdrawn.has(name))
                .map((name) => ({ name, method: "withdrawSlotReward", values: [slot] })));
        return open.length > 0 ? this.random.pick(open)
                               : this.call("withdrawSlotReward", this.random.pick(nodes), time);
    }

    rightCaller(method, job) {
        if (method === "process") return this.random.pick(nodes);
        if (method === "cancel") return job.owner;
        return method === "submit" || method === "decline" ? job.node : "verifier";
    }

    strayCall(time) {
        const known = this.model.jobs.size > 0 && this.random.below(4) > 0;
        const jobId = known ? this.random.pick([...this.model.jobs.keys()]) : this.random.hex(16);
        return this.call(this.random.pick(methods), this.random.pick(people), time, jobId);
    }

    call(method, name, time, jobId) {
        return { name, method, values: this.values(method, time, jobId) };
    }

    values(method, time, jobId) {
        if (method === "request") return this.requestValues(time);
        if (method === "withdrawSlotReward")
            return [this.random.pick([...this.model.slots.keys(), time / BigInt(daySeconds)])];
        if (method === "submit") return [jobId, this.random.hex(this.random.below(40))];
        if (method === "verify") return [jobId, this.random.pick([0n, 1n, 582n, 5820n, this.random.bigint(8)])];
        return [jobId];
    }

    requestValues(time) {
        const reuse = this.model.jobs.size > 0 && this.random.below(8) === 0;
        const jobId = reuse ? this.random.pick([...this.model.jobs.keys()]) : this.random.hex(16);
        const fee = this.random.pick([
            emt(10), emt(10) - 1n, this.random.bigintBetween(emt(10), emt(14)),
            this.random.bigintBetween(emt(10), emt(50))
        ]);
        return [jobId, 1n, "dataset", "{}", fee, time + BigInt(this.random.below(7200))];
    }

    async step() {
        const time = this.nextTime(await this.network.chain.time());
        const { name, method, values } = this.nextCall(time);
        await this.network.chain.setNextBlockTime(time);
        if (this.model.call(name, method, values, time)) {
            await this.network.act(name, method, ...values);
            this.accepted[method] = (this.accepted[method] ?? 0) + 1;
        } else {
            await this.network.refusal(name, method, ...values);
            ++this.refused;
        }
        assert.deepEqual(await this.network.money(), this.model.money, `after ${method} of ${name}`);
    }

    async checkJobs() {
        for (const [jobId, { status, fee, node }] of this.model.jobs) {
            const [job, assign] = [await this.network.core.jobs(jobId), await this.network.core.jobAssigns(jobId)];
            assert.deepEqual([job.status, job.fee], [status, fee]);
            assert.equal(assign.node, node === undefined ? ethers.ZeroAddress : this.network.address[node]);
        }
    }

    async checkSlots() {
        for (const [number, { total, own, withdrawn }] of this.model.slots) {
            assert.equal((await this.network.core.slots(number)).totalGas, total);
            for (const [node, gas] of own) {
                const address = this.network.address[node];
                assert.equal(await this.network.core.slotGas(number, address), gas);
                assert.equal(await this.network.core.slotBalances(number, address), withdrawn.has(node) ? 0n : gas);
            }
        }
    }
}

async function run(seed) {
    const network = await Network.start();
    try {
        const model = new MoneyModel(await network.money(), await network.core.startSlot());
        const sequence = new Sequence(network, model, new SeededRandom(seed));
        for (let step = 0; step < stepsMax; ++step) await sequence.step();
        await sequence.checkJobs();
        await sequence.checkSlots();
        return sequence;
    } finally {
        await network.stop();
    }
}

describe("random calls", () => {
    const acceptedInAll = {};
    for (const seed of seeds) {
        it(`lead to the model's money, seed ${seed}`, async () => {
            const { accepted, refused } = await run(seed);
            for (const [method, count] of Object.entries(accepted))
                acceptedInAll[method] = (acceptedInAll[method] ?? 0) + count;
            assert.ok(refused > 0, "a sequence without a refused call tests too little");
        });
    }

    if (!process.env.EMETH_TEST_SEED) {
        it("reached every kind of call", () => {
            for (const method of methods) assert.ok(acceptedInAll[method] > 0, `${method} was never accepted`);
        });
    }
});
