// A private chain for a test: starts anvil on a free loopback port, and deploys our contracts on it.
//
//     const chain = await startAnvil();
//     const { token, core } = await deployEmeth(chain, { owner: chain.accounts[0], verifier: chain.accounts[1] });
//     …
//     await chain.stop();
//
// anvil dies with the test's process, however that ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { anvilProgram, ethers, repositoryFolder } from "./packages.mjs";

export const chainId = 60001;
const startTimeoutMs = 30_000;
const outputKeptMax = 16_384;
const receiptPollMs = 5;
const receiptPollsMax = 2_000;
const gasLimitOfACall = 5_000_000;

/** Resolves with the port that anvil prints; rejects with anvil's last words if it ends or stays silent. */
function listeningPort(child) {
    return new Promise((resolve, reject) => {
        let output = "";
        const fail = (reason) => reject(new Error(`anvil ${reason}; its output was: ${output}`));
        const timer = setTimeout(() => fail(`did not listen within ${startTimeoutMs} ms`), startTimeoutMs);
        const read = (piece) => {
            output = (output + piece).slice(-outputKeptMax);
            const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(output);
            if (match) {
                clearTimeout(timer);
                resolve(Number(match[1]));
            }
        };
        child.stdout.on("data", read);
        child.stderr.on("data", read);
        child.on("error", (error) => fail(`did not start (${error.message})`));
        child.on("exit", (code, signal) => {
            clearTimeout(timer);
            fail(`ended with ${signal ?? code}`);
        });
    });
}

/** A running anvil. Blocks are mined for each transaction; the accounts are unlocked and rich in ALT. */
export class Chain {
    #child;

    constructor(child, port) {
        this.#child = child;
        this.port = port;
        this.url = `http://127.0.0.1:${port}`;
        // No cache, and hardly any waiting to batch requests: a test reads right after it has written.
        const options = { staticNetwork: true, batchStallTime: 1, cacheTimeout: -1 };
        this.provider = new ethers.JsonRpcProvider(this.url, chainId, options);
        this.accounts = [];
    }

    rpc(method, ...parameters) {
        return this.provider.send(method, parameters);
    }

    /** The latest block's time in unix seconds. */
    async time() {
        return (await this.provider.getBlock("latest")).timestamp;
    }

    /** Gives the next block exactly this time (unix seconds, after the latest block's). */
    setNextBlockTime(seconds) {
        return this.rpc("evm_setNextBlockTimestamp", Number(seconds));
    }

    /** Mines an empty block at this time. */
    async mineAt(seconds) {
        await this.setNextBlockTime(seconds);
        await this.rpc("evm_mine");
    }

    /** Sends from an unlocked account without estimating gas, so that a refused call is mined, too; returns the receipt. */
    async transact(from, to, data) {
        const hash = await this.rpc("eth_sendTransaction", { from, to, data, gas: ethers.toQuantity(gasLimitOfACall) });
        for (let poll = 0; poll < receiptPollsMax; ++poll) {
            const receipt = await this.provider.getTransactionReceipt(hash);
            if (receipt) return receipt;
            await sleep(receiptPollMs);
        }
        throw new Error(
            `anvil took transaction ${hash}, but ${receiptPollsMax * receiptPollMs} ms later has no receipt for it`);
    }

    async stop() {
        this.provider.destroy();
        if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
        this.#child.kill("SIGKILL");
        await once(this.#child, "exit");
    }
}

/** Starts anvil; `startTime` (unix seconds) is the first block's time, `extraArguments` go to anvil as they are. */
export async function startAnvil({ startTime, extraArguments = [] } = {}) {
    const timeArguments = startTime === undefined ? [] : ["--timestamp", String(startTime)];
    const anvilArguments =
        ["--host", "127.0.0.1", "--port", "0", "--chain-id", String(chainId), ...timeArguments, ...extraArguments];
    // setpriv gives anvil a parent-death signal: even a test that is killed leaves no chain behind.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", anvilProgram, ...anvilArguments],
        { stdio: ["ignore", "pipe", "pipe"] });
    try {
        const chain = new Chain(child, await listeningPort(child));
        chain.accounts = (await chain.rpc("eth_accounts")).map(ethers.getAddress);
        return chain;
    } catch (error) {
        child.kill("SIGKILL");
        throw error;
    }
}

/** {contractName, abi, bytecode, deployedBytecode} from contracts/compile.mjs, in $EMETH_CONTRACTS_DIR or build/contracts. */
export function readArtifact(contractName) {
    const folder = process.env.EMETH_CONTRACTS_DIR ?? join(repositoryFolder, "build", "contracts");
    const file = join(folder, `${contractName}.json`);
    if (!existsSync(file))
        throw new Error(`${file} is missing: build the target emeth_contract_code, or set EMETH_CONTRACTS_DIR`);
    return JSON.parse(readFileSync(file, "utf8"));
}

async function deployContract(chain, owner, artifact, ...constructorArguments) {
    const factory = new ethers.ContractFactory(artifact.abi, artifact.bytecode);
    const { data } = await factory.getDeployTransaction(...constructorArguments);
    const receipt = await chain.transact(owner, undefined, data);
    if (receipt.status !== 1) throw new Error(`the deployment of ${artifact.contractName} was refused`);
    return new ethers.Contract(receipt.contractAddress, artifact.abi, chain.provider);
}

/** Deploys EMT, then EmethCore, and makes EmethCore the minter; gives both as ethers contracts for reading. */
export async function deployEmeth(chain, { owner, verifier = owner }) {
    const token = await deployContract(chain, owner, readArtifact("EmethToken"));
    const core = await deployContract(chain, owner, readArtifact("EmethCore"), token.target);
    await chain.transact(owner, token.target, token.interface.encodeFunctionData("setMinter", [core.target]));
    await chain.transact(owner, core.target, core.interface.encodeFunctionData("setVerifier", [verifier]));
    return { token, core };
}
