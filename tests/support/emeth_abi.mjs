// The published interfaces of EmethCore and EMT, as ethers reads them. A test holds the
// compiled contracts to these lists.

export const emethCoreAbi = [
    "constructor(address tokenAddress)",
    "function request(bytes16 jobId, uint256 programId, string dataset, string param, uint256 fee, uint256 deadline)" +
        " returns (bool)",
    "function cancel(bytes16 jobId) returns (bool)",
    "function process(bytes16 jobId) returns (bool)",
    "function decline(bytes16 jobId) returns (bool)",
    "function submit(bytes16 jobId, string result) returns (bool)",
    "function withdrawSlotReward(uint256 slot) returns (bool)",
    "function verify(bytes16 jobId, uint256 gas) returns (bool)",
    "function rejectResult(bytes16 jobId) returns (bool)",
    "function timeout(bytes16 jobId) returns (bool)",
    "function setVerifier(address newVerifier)",
    "function verifier() view returns (address)",
    "function isVerifier(address account) view returns (bool)",
    "function jobs(bytes16) view returns (bool exist, bytes16 jobId, address owner, uint256 deadline, uint256 fee, "
        + "uint256 status, uint256 requestedAt)",
    "function jobDetails(bytes16) view returns (uint256 programId, string param, string dataset, string result)",
    "function jobAssigns(bytes16) view returns (address node, uint256 deposit, uint256 gas, uint256 startedAt, "
        + "uint256 submittedAt, uint256 verifiedAt)",
    "function jobIndexes(uint256) view returns (bytes16)",
    "function jobAssignedCount(address) view returns (uint256)",
    "function jobAssignedHistory(address, uint256) view returns (bytes16)",
    "function getEstimatedGas(uint256 datasetSizeMB, uint256 algoComplexity) view returns (uint256)",
    "function currentSlot() view returns (uint256)",
    "function startSlot() view returns (uint256)",
    "function currentSlotReward() view returns (uint256)",
    "function slots(uint256) view returns (uint256 totalGas, uint256 totalReward)",
    "function slotGas(uint256, address) view returns (uint256)",
    "function slotBalances(uint256, address) view returns (uint256)",
    "function nodeSlots(address, uint256) view returns (uint256)",
    "function nodeSlotCount(address) view returns (uint256)",
    "function nodeSlotUnique(address, uint256) view returns (bool)",
    "function emtToken() view returns (address)",
    "function DEPOSIT_RATE() view returns (uint256)",
    "function TIMEOUT_PENALTY_RATE() view returns (uint256)",
    "function DECLINE_PENALTY_RATE() view returns (uint256)",
    "function FAILED_PENALTY_RATE() view returns (uint256)",
    "function VERIFIER_FEE() view returns (uint256)",
    "function MAX_SLOT_GAS_PER_NODE() view returns (uint256)",
    "event Request(address indexed owner, bytes16 indexed jobId, uint256 fee, uint256 deadline)",
    "event Cancel(bytes16 indexed jobId)",
    "event Status(bytes16 indexed jobId, address nodeAddress, uint256 status)",
    "event Reward(address indexed nodeAddress, uint256 slot, uint256 gas)",
    "event Penalty(address indexed nodeAddress, uint256 slashed)",
];

export const emethTokenAbi = [
    "function mint(address account, uint256 amount) returns (bool)",
    "function burn(uint256 amount) returns (bool)",
    "function setMinter(address newMinter) returns (bool)",
    "function minter() view returns (address)",
    "function owner() view returns (address)",
    "function decimals() view returns (uint8)",
    "function totalSupply() view returns (uint256)",
    "function balanceOf(address account) view returns (uint256)",
    "function allowance(address owner, address spender) view returns (uint256)",
    "function approve(address spender, uint256 value) returns (bool)",
    "function transfer(address to, uint256 value) returns (bool)",
    "function transferFrom(address from, address to, uint256 value) returns (bool)",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
    "event Approval(address indexed owner, address indexed spender, uint256 value)",
];

/** JOB status codes on chain. */
export const JobStatus = Object.freeze({
    REQUESTED: 0n,
    PROCESSING: 2n,
    SUBMITTED: 3n,
    VERIFIED: 4n,
    CANCELED: 6n,
    TIMEOUT: 7n,
    FAILED: 8n,
    DECLINED: 9n,
});
