// Compiles the contracts with solc and writes <outdir>/<Contract>.json:
// {contractName, abi, bytecode, deployedBytecode}.
//
//     node compile.mjs <outdir>                          our two contracts
//     node compile.mjs <outdir> <folder> <Contract>...   others, from a folder of their own
//
// Warnings are errors. The EVM version is one that every Ethereum-compatible chain runs today.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packagesFolder = dirname(fileURLToPath(import.meta.url));
const [outputFolder, sourceFolder = packagesFolder, ...named] = process.argv.slice(2);
const contracts = named.length > 0 ? named : ["EmethCore", "EmethToken"];
const deployedBytesMax = 24_576; // EIP-170

const standardJsonInput = {
    language: "Solidity",
    sources: Object.fromEntries(
        contracts.map(
            (name) => [`${name}.sol`, { content: readFileSync(join(sourceFolder, `${name}.sol`), "utf8") }]),
        ),
    settings: {
        optimizer: { enabled: true, runs: 200 },
        evmVersion: "paris",
        outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
};

function readImport(path) {
    try {
        return { contents: readFileSync(join(packagesFolder, "node_modules", path), "utf8") };
    } catch (error) {
        return { error: `${error.message}: run npm ci in contracts/` };
    }
}

function compile() {
    const solc = createRequire(import.meta.url)("solc");
    const output = JSON.parse(solc.compile(JSON.stringify(standardJsonInput), { import: readImport }));
    const problems = (output.errors ?? []).filter((problem) => problem.severity !== "info");
    if (problems.length > 0) throw new Error(problems.map((problem) => problem.formattedMessage).join("\n"));
    return output.contracts;
}

function artifactOf(compiled, contractName) {
    const { abi, evm } = compiled[`${contractName}.sol`][contractName];
    const deployedBytes = evm.deployedBytecode.object.length / 2;
    if (deployedBytes > deployedBytesMax) {
        throw new Error(`${contractName}: ${deployedBytes} bytes deployed, a chain takes at most ${deployedBytesMax}`);
    }
    return {
        contractName,
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`
    };
}

function main() {
    if (!outputFolder) throw new Error("usage: node compile.mjs <outdir> [<folder> <Contract>...]");
    const compiled = compile();
    mkdirSync(outputFolder, { recursive: true });
    for (const contractName of contracts) {
        const artifact = artifactOf(compiled, contractName);
        writeFileSync(join(outputFolder, `${contractName}.json`), JSON.stringify(artifact, null, 1) + "\n");
    }
}

try {
    main();
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
