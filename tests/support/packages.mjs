// The npm packages of contracts/, for scripts that live outside it.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryFolder = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const contractsFolder = join(repositoryFolder, "contracts");
export const anvilProgram = join(contractsFolder, "node_modules", ".bin", "anvil");

if (!existsSync(join(contractsFolder, "node_modules", "ethers"))) {
    throw new Error(`${contractsFolder}/node_modules is missing: run ./emeth build, or npm ci in contracts/`);
}

const requirePackage = createRequire(join(contractsFolder, "package.json"));
export const { ethers } = requirePackage("ethers");
/** ethers' own WebSocket client. */
export const { WebSocket } = requirePackage("ws");
