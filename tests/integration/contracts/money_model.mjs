// The money rules once more, in a few lines of plain arithmetic: what any sequence of calls must lead to.
import { JobStatus } from "../../support/emeth_abi.mjs";
import { daySeconds, emt } from "./network.mjs";

const verifierFee = emt(10);
const quarter = (amount) => amount / 4n;
const smaller = (a, b) => (a < b ? a : b);
const { REQUESTED, PROCESSING, SUBMITTED, VERIFIED, CANCELED, TIMEOUT, FAILED, DECLINED } = JobStatus;

export class MoneyModel {
    /** `money`: what everybody has at first, with "core" and "supply". */
    constructor(money, startSlot) {
        this.money = { ...money };
        this.startSlot = startSlot;
        this.jobs = new Map();
        this.slots = new Map();
    }

    /** Makes the call in the model; false, with nothing changed, if it must be refused. `time` is its block's. */
    call(name, method, values, time) {
        const effect = this[`_${method}`](name, time, ...values);
        if (!effect) return false;
        effect();
        return true;
    }

    #move(from, to, amount) {
        this.money[from] -= amount;
        this.money[to] += amount;
    }

    #burn(from, amount) {
        this.money[from] -= amount;
        this.money.supply -= amount;
    }

    #inStatus(jobId, status) {
        const job = this.jobs.get(jobId);
        return job?.status === status ? job : undefined;
    }

    _request(name, time, jobId, programId, dataset, param, fee, deadline) {
        if (this.jobs.has(jobId) || fee < verifierFee || this.money[name] < fee) return undefined;
        return () => {
            this.jobs.set(jobId, { owner: name, fee, deadline, status: REQUESTED });
            this.#move(name, "core", fee);
        };
    }

    _cancel(name, time, jobId) {
        const job = this.#inStatus(jobId, REQUESTED);
        if (job?.owner !== name) return undefined;
        return () => {
            job.status = CANCELED;
            this.#move("core", name, job.fee);
        };
    }

    _process(name, time, jobId) {
        const job = this.#inStatus(jobId, REQUESTED);
        if (!job || this.money[name] < job.fee) return undefined;
        return () => {
            Object.assign(job, { status: PROCESSING, node: name });
            this.#move(name, "core", job.fee);
        };
    }

    _submit(name, time, jobId) {
        const job = this.#inStatus(jobId, PROCESSING);
        if (job?.node !== name) return undefined;
        return () => { job.status = SUBMITTED; };
    }

    _decline(name, time, jobId) {
        const job = this.#inStatus(jobId, PROCESSING);
        return job?.node === name ? () => this.#giveUp(job, DECLINED) : undefined;
    }

    _timeout(name, time, jobId) {
        const job = this.#inStatus(jobId, PROCESSING);
        return name === "verifier" && job && time > job.deadline ? () => this.#giveUp(job, TIMEOUT) : undefined;
    }

    #giveUp(job, status) {
        job.status = status;
        this.#move("core", job.owner, job.fee);
        this.#burn("core", quarter(job.fee));
        this.#move("core", job.node, job.fee - quarter(job.fee));
    }

    _verify(name, time, jobId, gas) {
        const job = this.#inStatus(jobId, SUBMITTED);
        if (name !== "verifier" || !job) return undefined;
        return () => {
            job.status = VERIFIED;
            this.#move("core", "verifier", verifierFee);
            this.#move("core", job.node, 2n * job.fee - verifierFee);
            const slot = this.#slot(time / BigInt(daySeconds));
            slot.total += gas;
            slot.own.set(job.node, (slot.own.get(job.node) ?? 0n) + gas);
        };
    }

    _rejectResult(name, time, jobId) {
        const job = this.#inStatus(jobId, SUBMITTED);
        if (name !== "verifier" || !job) return undefined;
        return () => {
            job.status = FAILED;
            const penalty = smaller(quarter(job.fee), job.fee - verifierFee);
            this.#move("core", job.owner, job.fee);
            this.#move("core", "verifier", verifierFee);
            this.#burn("core", penalty);
            this.#move("core", job.node, job.fee - verifierFee - penalty);
        };
    }

    #slot(number) {
        if (!this.slots.has(number)) this.slots.set(number, { total: 0n, own: new Map(), withdrawn: new Set() });
        return this.slots.get(number);
    }

    _withdrawSlotReward(name, time, number) {
        const slot = this.slots.get(number);
        const gas = slot?.own.get(name) ?? 0n;
        if (number >= time / BigInt(daySeconds) || gas === 0n || slot.withdrawn.has(name)) return undefined;
        return () => {
            slot.withdrawn.add(name);
            const reward = emt(288_000) - (number - this.startSlot) * (emt(600 * 24) / 365n);
            const share = reward * gas / slot.total;
            this.money[name] += share;
            this.money.supply += share;
        };
    }
}
