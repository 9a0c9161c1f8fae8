// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What EmethCore needs of EMT beyond ERC-20.
interface IEmethToken is IERC20 {
    function mint(address account, uint256 amount) external returns (bool);
    function burn(uint256 amount) external returns (bool);
}

/// @title EmethCore: JOBs, deposits, verdicts and slot rewards
/// @notice A requester locks a fee, a node locks a deposit and trains, the verifier decides. The contract holds exactly
/// the fees and deposits of undecided JOBs; penalties are burned, slot rewards are minted on withdrawal.
/// @dev Amounts are wei of EMT, times are unix seconds. Failures revert with a string, so that any client can show it.
contract EmethCore is Ownable, ReentrancyGuard {
    using SafeERC20 for IEmethToken;

    struct Job {
        bool exist;
        bytes16 jobId;
        address owner;
        uint256 deadline;
        uint256 fee;
        uint256 status;
        uint256 requestedAt;
    }

    struct JobDetail {
        uint256 programId;
        string param;
        string dataset;
        string result;
    }

    struct JobAssign {
        address node;
        uint256 deposit;
        uint256 gas;
        uint256 startedAt;
        uint256 submittedAt;
        uint256 verifiedAt;
    }

    // The numbers are the network's; 1 (ASSIGNED) and 5 (REJECTED) are no longer used.
    uint256 private constant REQUESTED = 0;
    uint256 private constant PROCESSING = 2;
    uint256 private constant SUBMITTED = 3;
    uint256 private constant VERIFIED = 4;
    uint256 private constant CANCELED = 6;
    uint256 private constant TIMEOUT = 7;
    uint256 private constant FAILED = 8;
    uint256 private constant DECLINED = 9;

    uint256 private constant RATE_BASE = 100_000;
    /// @notice The deposit as a share of the fee, in units of 1/100000.
    uint256 public constant DEPOSIT_RATE = 100_000;
    /// @notice Penalties as shares of the deposit, in units of 1/100000.
    uint256 public constant TIMEOUT_PENALTY_RATE = 25_000;
    uint256 public constant DECLINE_PENALTY_RATE = 25_000;
    uint256 public constant FAILED_PENALTY_RATE = 25_000;
    /// @notice What the verifier earns per verdict: from the fee when it verifies, from the deposit when it rejects.
    uint256 public constant VERIFIER_FEE = 10 ether;
    /// @notice A node's daily limit, abolished in Round 3: all gas counts.
    uint256 public constant MAX_SLOT_GAS_PER_NODE = type(uint256).max;

    uint256 private constant SLOT_SECONDS = 1 days;
    uint256 private constant FIRST_SLOT_REWARD = 288_000 ether;
    uint256 private constant SLOT_REWARD_DECREMENT = uint256(600 * 24 ether) / 365;

    /// @notice The ERC-20 of all amounts here; EmethCore must be its minter.
    IEmethToken public immutable emtToken;
    /// @notice The slot of the deployment: the first one with a reward, and the highest.
    uint256 public immutable startSlot;
    /// @notice Who gives the verdicts.
    address public verifier;

    mapping(bytes16 jobId => Job) public jobs;
    mapping(bytes16 jobId => JobDetail) public jobDetails;
    mapping(bytes16 jobId => JobAssign) public jobAssigns;
    /// @notice All JOBs in the order of their requests.
    bytes16[] public jobIndexes;
    /// @notice A node's JOBs in the order of their deposits.
    mapping(address node => bytes16[]) public jobAssignedHistory;

    mapping(uint256 slot => uint256) private _slotTotalGas;
    /// @notice Gas verified for a node in a slot.
    mapping(uint256 slot => mapping(address node => uint256)) public slotGas;
    /// @notice The part of slotGas whose reward is not withdrawn yet.
    mapping(uint256 slot => mapping(address node => uint256)) public slotBalances;
    /// @notice The slots in which a node had a JOB verified, oldest first.
    mapping(address node => uint256[]) public nodeSlots;
    /// @notice Whether a slot is in a node's nodeSlots.
    mapping(address node => mapping(uint256 slot => bool)) public nodeSlotUnique;

    event Request(address indexed owner, bytes16 indexed jobId, uint256 fee, uint256 deadline);
    event Cancel(bytes16 indexed jobId);
    /// @notice A JOB's new status from PROCESSING on; nodeAddress is the assigned node, whoever caused the change.
    event Status(bytes16 indexed jobId, address nodeAddress, uint256 status);
    /// @notice `gas` counts for the node in `slot`.
    event Reward(address indexed nodeAddress, uint256 slot, uint256 gas);
    /// @notice What the node lost of its deposit.
    event Penalty(address indexed nodeAddress, uint256 slashed);

    modifier onlyVerifier() {
        require(msg.sender == verifier, "EmethCore: only the verifier may call this");
        _;
    }

    modifier onlyJobOwner(bytes16 jobId) {
        _requireExists(jobId);
        require(msg.sender == jobs[jobId].owner, "EmethCore: only the requester of the JOB may call this");
        _;
    }

    modifier onlyAssignedNode(bytes16 jobId) {
        _requireExists(jobId);
        require(msg.sender == jobAssigns[jobId].node, "EmethCore: the JOB is not assigned to this node");
        _;
    }

    /// @param tokenAddress EMT. The deployer becomes owner and verifier.
    constructor(address tokenAddress) Ownable(msg.sender) {
        require(tokenAddress.code.length > 0, "EmethCore: there is no token contract at the given address");
        emtToken = IEmethToken(tokenAddress);
        startSlot = currentSlot();
        verifier = msg.sender;
    }

    /// @notice Names who gives the verdicts from now on, including those on JOBs already submitted.
    function setVerifier(address newVerifier) external onlyOwner {
        require(newVerifier != address(0), "EmethCore: the verifier must not be the zero address");
        verifier = newVerifier;
    }

    // ---------------------------------------------------------------- requester

    /// @notice Offers a JOB and locks its fee, for which the caller must have approved this contract.
    function request(
        bytes16 jobId,
        uint256 programId,
        string calldata dataset,
        string calldata param,
        uint256 fee,
        uint256 deadline
    ) external nonReentrant returns (bool) {
        require(!jobs[jobId].exist, "EmethCore: this JOB id is taken, choose another one");
        require(fee >= VERIFIER_FEE, "EmethCore: the fee must be at least the verifier fee of 10 EMT");

        jobs[jobId] = Job(true, jobId, msg.sender, deadline, fee, REQUESTED, block.timestamp);
        jobDetails[jobId] = JobDetail(programId, param, dataset, "");
        jobIndexes.push(jobId);
        emit Request(msg.sender, jobId, fee, deadline);

        _collect(fee);
        return true;
    }

    /// @notice Takes back a JOB that no node has taken yet; the fee returns to the requester.
    function cancel(bytes16 jobId) external nonReentrant onlyJobOwner(jobId) returns (bool) {
        Job storage job = jobs[jobId];
        _requireStatus(job, REQUESTED);

        job.status = CANCELED;
        emit Cancel(jobId);

        emtToken.safeTransfer(job.owner, job.fee);
        return true;
    }

    // ---------------------------------------------------------------- node

    /// @notice Takes a JOB and locks the deposit, for which the caller must have approved this contract.
    /// @dev Does not check the deadline: whether there is time enough is the node's own risk.
    function process(bytes16 jobId) external nonReentrant returns (bool) {
        _requireExists(jobId);
        Job storage job = jobs[jobId];
        _requireStatus(job, REQUESTED);

        uint256 deposit = job.fee * DEPOSIT_RATE / RATE_BASE;
        JobAssign storage assign = jobAssigns[jobId];
        assign.node = msg.sender;
        assign.deposit = deposit;
        assign.startedAt = block.timestamp;
        jobAssignedHistory[msg.sender].push(jobId);
        _setStatus(job, PROCESSING);

        _collect(deposit);
        return true;
    }

    /// @notice Gives up a JOB in progress: the fee returns to the requester, the penalty is burned, and the
    /// node gets the rest.
    function decline(bytes16 jobId) external nonReentrant onlyAssignedNode(jobId) returns (bool) {
        _abandon(jobId, DECLINED, DECLINE_PENALTY_RATE);
        return true;
    }

    /// @notice Hands in the result.
    /// @dev Does not check the deadline: a late result counts unless the verifier has already called timeout.
    function submit(bytes16 jobId, string calldata result) external onlyAssignedNode(jobId) returns (bool) {
        Job storage job = jobs[jobId];
        _requireStatus(job, PROCESSING);

        jobDetails[jobId].result = result;
        jobAssigns[jobId].submittedAt = block.timestamp;
        _setStatus(job, SUBMITTED);
        return true;
    }

    /// @notice Mints the caller's share of a closed slot's reward: slot reward * own gas / total gas, rounded down.
    function withdrawSlotReward(uint256 slot) external nonReentrant returns (bool) {
        require(slot < currentSlot(), "EmethCore: the slot is still open, withdraw after 0:00 UTC");
        uint256 ownGas = slotBalances[slot][msg.sender];
        require(ownGas > 0, "EmethCore: no reward of this slot is left for this node");

        slotBalances[slot][msg.sender] = 0;

        uint256 reward = Math.mulDiv(_slotReward(slot), ownGas, _slotTotalGas[slot]);
        require(emtToken.mint(msg.sender, reward), "EmethCore: the token refused to mint");
        return true;
    }

    // ---------------------------------------------------------------- verifier

    /// @notice Accepts a result: deposit and fee less VERIFIER_FEE go to the node, VERIFIER_FEE to the verifier, and
    /// `gas` counts for the node in today's slot.
    function verify(bytes16 jobId, uint256 gas) external nonReentrant onlyVerifier returns (bool) {
        _requireExists(jobId);
        Job storage job = jobs[jobId];
        _requireStatus(job, SUBMITTED);

        JobAssign storage assign = jobAssigns[jobId];
        assign.gas = gas;
        assign.verifiedAt = block.timestamp;
        _setStatus(job, VERIFIED);
        _countSlotGas(assign.node, gas);

        emtToken.safeTransfer(verifier, VERIFIER_FEE);
        emtToken.safeTransfer(assign.node, assign.deposit + job.fee - VERIFIER_FEE);
        return true;
    }

    /// @notice Rejects a result: the fee returns to the requester; of the deposit the verifier gets VERIFIER_FEE, then
    /// the penalty is burned, each capped at what is left, and the node gets the rest.
    function rejectResult(bytes16 jobId) external nonReentrant onlyVerifier returns (bool) {
        _requireExists(jobId);
        Job storage job = jobs[jobId];
        _requireStatus(job, SUBMITTED);

        JobAssign storage assign = jobAssigns[jobId];
        uint256 verifierFee = Math.min(VERIFIER_FEE, assign.deposit);
        uint256 penalty = Math.min(assign.deposit * FAILED_PENALTY_RATE / RATE_BASE, assign.deposit - verifierFee);
        _setStatus(job, FAILED);
        emit Penalty(assign.node, verifierFee + penalty);

        emtToken.safeTransfer(job.owner, job.fee);
        emtToken.safeTransfer(verifier, verifierFee);
        _burn(penalty);
        emtToken.safeTransfer(assign.node, assign.deposit - verifierFee - penalty);
        return true;
    }

    /// @notice Ends a JOB whose node has not submitted by the deadline; as decline, but with the timeout penalty.
    function timeout(bytes16 jobId) external nonReentrant onlyVerifier returns (bool) {
        _requireExists(jobId);
        require(block.timestamp > jobs[jobId].deadline, "EmethCore: the deadline of the JOB has not passed yet");
        _abandon(jobId, TIMEOUT, TIMEOUT_PENALTY_RATE);
        return true;
    }

    // ---------------------------------------------------------------- views

    /// @notice Whether `account` gives the verdicts.
    function isVerifier(address account) external view returns (bool) {
        return account == verifier;
    }

    /// @notice How many JOBs `node` has ever taken: the length of its jobAssignedHistory.
    function jobAssignedCount(address node) external view returns (uint256) {
        return jobAssignedHistory[node].length;
    }

    /// @notice The length of a node's nodeSlots.
    function nodeSlotCount(address node) external view returns (uint256) {
        return nodeSlots[node].length;
    }

    /// @notice The gas of a JOB: the unit of its price and of its share of the slot's reward.
    function getEstimatedGas(uint256 datasetSizeMB, uint256 algoComplexity) external pure returns (uint256) {
        return datasetSizeMB * algoComplexity / 1000;
    }

    /// @notice Verified gas and reward of a slot; the reward of a slot before the deployment is 0.
    function slots(uint256 slot) external view returns (uint256 totalGas, uint256 totalReward) {
        return (_slotTotalGas[slot], _slotReward(slot));
    }

    /// @notice The reward that today's verified gas will share.
    function currentSlotReward() external view returns (uint256) {
        return _slotReward(currentSlot());
    }

    /// @notice Today's number: days since 1970, changing at 0:00 UTC.
    function currentSlot() public view returns (uint256) {
        return block.timestamp / SLOT_SECONDS;
    }

    // ---------------------------------------------------------------- internal

    /// @dev As OpenZeppelin's, but with a message.
    function _checkOwner() internal view override {
        require(msg.sender == owner(), "EmethCore: only the owner may call this");
    }

    function _requireExists(bytes16 jobId) private view {
        require(jobs[jobId].exist, "EmethCore: there is no JOB with this id");
    }

    function _requireStatus(Job storage job, uint256 wanted) private view {
        if (job.status == wanted) return;
        revert(string.concat("EmethCore: the JOB is ", _statusName(job.status), ", not ", _statusName(wanted)));
    }

    function _setStatus(Job storage job, uint256 status) private {
        job.status = status;
        emit Status(job.jobId, jobAssigns[job.jobId].node, status);
    }

    /// What decline and timeout have in common.
    function _abandon(bytes16 jobId, uint256 endStatus, uint256 penaltyRate) private {
        Job storage job = jobs[jobId];
        _requireStatus(job, PROCESSING);

        JobAssign storage assign = jobAssigns[jobId];
        uint256 penalty = assign.deposit * penaltyRate / RATE_BASE;
        _setStatus(job, endStatus);
        emit Penalty(assign.node, penalty);

        emtToken.safeTransfer(job.owner, job.fee);
        _burn(penalty);
        emtToken.safeTransfer(assign.node, assign.deposit - penalty);
    }

    function _countSlotGas(address node, uint256 gas) private {
        uint256 slot = currentSlot();
        _slotTotalGas[slot] += gas;
        slotGas[slot][node] += gas;
        slotBalances[slot][node] += gas;
        if (!nodeSlotUnique[node][slot]) {
            nodeSlotUnique[node][slot] = true;
            nodeSlots[node].push(slot);
        }
        emit Reward(node, slot, gas);
    }

    /// Takes `amount` from the caller; reverts with a message where the token would revert with an error code.
    function _collect(uint256 amount) private {
        require(emtToken.balanceOf(msg.sender) >= amount, "EmethCore: the EMT balance is below the amount to lock");
        require(
            emtToken.allowance(msg.sender, address(this)) >= amount,
            "EmethCore: the EMT allowance is below the amount to lock, approve EmethCore first"
        );
        emtToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _burn(uint256 amount) private {
        require(emtToken.burn(amount), "EmethCore: the token refused to burn");
    }

    function _slotReward(uint256 slot) private view returns (uint256) {
        if (slot < startSlot) return 0;
        uint256 slotsSinceStart = slot - startSlot;
        if (slotsSinceStart > FIRST_SLOT_REWARD / SLOT_REWARD_DECREMENT) return 0;
        return FIRST_SLOT_REWARD - slotsSinceStart * SLOT_REWARD_DECREMENT;
    }

    function _statusName(uint256 status) private pure returns (string memory) {
        if (status == REQUESTED) return "REQUESTED";
        if (status == PROCESSING) return "PROCESSING";
        if (status == SUBMITTED) return "SUBMITTED";
        if (status == VERIFIED) return "VERIFIED";
        if (status == CANCELED) return "CANCELED";
        if (status == TIMEOUT) return "TIMEOUT";
        if (status == FAILED) return "FAILED";
        return "DECLINED";
    }
}
