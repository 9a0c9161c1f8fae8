// The contracts on a fresh chain, seen through the money of named people. Every transaction ends with the
// conservation check: the contract holds exactly the fees and deposits of undecided JOBs, and every EMT of
// the supply has a known holder.
import assert from "node:assert/strict";

import { deployEmeth, startAnvil } from "../../support/anvil.mjs";
import { JobStatus } from "../../support/emeth_abi.mjs";
import { ethers } from "../../support/packages.mjs";
import { SeededRandom } from "../../support/seeded_random.mjs";

export const daySeconds = 86_400;
/** 2030-01-01 12:00 UTC: the chain's first block, so that no test runs into midnight by accident. */
export const chainStartTime = Date.UTC(2030, 0, 1, 12) / 1000;
export const people = ["owner", "verifier", "requester", "nodeA", "nodeB", "nodeC", "stranger"];

/** An amount of EMT in wei. */
export const emt = (amount) => ethers.parseEther(String(amount));

export class Network {
    #jobIds = new SeededRandom("job ids");

    static async start() {
        const network = new Network();
        network.chain = await startAnvil({ startTime: chainStartTime });
        try {
            await network.#deploy();
        } catch (error) {
            await network.stop();
            throw error;
        }
        return network;
    }

    async stop() {
        await this.chain.stop();
    }

    async #deploy() {
        const { chain } = this;
        this.address = Object.fromEntries(people.map((name, index) => [name, chain.accounts[index]]));
        const { owner, verifier } = this.address;
        Object.assign(this, await deployEmeth(chain, { owner, verifier }));
        for (const name of ["requester", "nodeA", "nodeB", "nodeC"]) {
            await this.actOnToken("owner", "mint", this.address[name], emt(1_000_000));
        }
        for (const name of people) await this.actOnToken(name, "approve", this.core.target, ethers.MaxUint256);
    }

    nameOf(address) {
        return people.find((name) => this.address[name] === address) ?? address;
    }

    /** EMT of everybody, of the contract ("core"), and of all ("supply"). */
    async money() {
        const holders = [...people.map((name) => this.address[name]), this.core.target];
        const reads = [...holders.map((address) => this.token.balanceOf(address)), this.token.totalSupply()];
        const amounts = await Promise.all(reads);
        return Object.fromEntries([...people, "core", "supply"].map((name, index) => [name, amounts[index]]));
    }

    async #checkConservation({ core, supply, ...balances }) {
        const held = Object.values(balances).reduce((sum, balance) => sum + balance, core);
        assert.equal(held, supply, "every EMT of the supply has a known holder");
        assert.equal(core, await this.#lockedAmount(), "the contract holds the fees and deposits of undecided JOBs");
    }

    async #lockedAmount() {
        const requests = await this.core.queryFilter("Request", 0);
        const amounts = await Promise.all(requests.map(async (request) => {
            const [job, assign] =
                await Promise.all([this.core.jobs(request.args.jobId), this.core.jobAssigns(request.args.jobId)]);
            if (job.status === JobStatus.REQUESTED) return job.fee;
            const running = job.status === JobStatus.PROCESSING || job.status === JobStatus.SUBMITTED;
            return running ? job.fee + assign.deposit : 0n;
        }));
        return amounts.reduce((sum, amount) => sum + amount, 0n);
    }

    async #send(name, contract, method, values) {
        const data = contract.interface.encodeFunctionData(method, values);
        return this.chain.transact(this.address[name], contract.target, data);
    }

    /** Why a mined call was refused: its revert string, or the name of its error. */
    async #refusalReason(name, contract, method, values, blockTag) {
        try {
            await contract[method].staticCall(...values, { from: this.address[name], blockTag });
        } catch (error) {
            if (error.reason !== null && error.reason !== undefined) return error.reason;
            if (error.revert) return error.revert.name;
            throw error;
        }
        return "(no reason: the same call succeeds now)";
    }

    async #actOn(contract, name, method, values) {
        const before = await this.money();
        const receipt = await this.#send(name, contract, method, values);
        if (receipt.status !== 1) {
            const reason = await this.#refusalReason(name, contract, method, values, receipt.blockNumber);
            assert.fail(`${method} of ${name} was refused: ${reason}`);
        }
        const after = await this.money();
        await this.#checkConservation(after);
        const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
        return {
            receipt,
            events: this.#coreEvents(receipt),
            changes: Object.fromEntries(changed.map((key) => [key, after[key] - before[key]])),
        };
    }

    /** The contract's events as [name, …arguments], with people's names in place of their addresses. */
    #coreEvents(receipt) {
        const logs = receipt.logs.filter((log) => log.address === this.core.target);
        const events = logs.map((log) => this.core.interface.parseLog(log));
        return events.map((event) => [event.name, ...event.args.map((value) => this.nameOf(value))]);
    }

    /** Calls EmethCore; gives {receipt, events, changes: who gained how much, only of those that changed}. */
    act(name, method, ...values) {
        return this.#actOn(this.core, name, method, values);
    }

    actOnToken(name, method, ...values) {
        return this.#actOn(this.token, name, method, values);
    }

    /** Sends a call that must be refused; gives the reason, after checking that no money moved. */
    refusal(name, method, ...values) {
        return this.#refusalOf(this.core, name, method, values);
    }

    refusalOfToken(name, method, ...values) {
        return this.#refusalOf(this.token, name, method, values);
    }

    async #refusalOf(contract, name, method, values) {
        const before = await this.money();
        const receipt = await this.#send(name, contract, method, values);
        assert.equal(receipt.status, 0, `${method} of ${name} must be refused`);
        assert.deepEqual(await this.money(), before);
        return this.#refusalReason(name, contract, method, values, receipt.blockNumber);
    }

    newJobId() {
        return this.#jobIds.hex(16);
    }

    /** A fresh JOB of the requester in the given status; its node is `node`, its deadline an hour from now. */
    async jobIn(status, { fee = emt(20), node = "nodeA", gas = 500n } = {}) {
        const jobId = this.newJobId();
        const deadline = BigInt((await this.chain.time()) + 3600);
        await this.act("requester", "request", jobId, 1n, "dataset", "{}", fee, deadline);
        for (const [name, method, ...values] of this.#stepsTo(status, node, gas)) {
            if (method === "timeout") await this.chain.setNextBlockTime(deadline + 1n);
            await this.act(name, method, jobId, ...values);
        }
        assert.equal((await this.core.jobs(jobId)).status, status);
        return jobId;
    }

    #stepsTo(status, node, gas) {
        const processed = [[node, "process"]];
        const submitted = [...processed, [node, "submit", "result.tar"]];
        switch (status) {
            case JobStatus.REQUESTED: return [];
            case JobStatus.CANCELED: return [["requester", "cancel"]];
            case JobStatus.PROCESSING: return processed;
            case JobStatus.DECLINED: return [...processed, [node, "decline"]];
            case JobStatus.TIMEOUT: return [...processed, ["verifier", "timeout"]];
            case JobStatus.SUBMITTED: return submitted;
            case JobStatus.VERIFIED: return [...submitted, ["verifier", "verify", gas]];
            case JobStatus.FAILED: return [...submitted, ["verifier", "rejectResult"]];
            default: throw new Error(`no way to status ${status}`);
        }
    }
}
