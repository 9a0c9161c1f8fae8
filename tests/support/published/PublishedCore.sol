// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {PublishedToken} from "./PublishedToken.sol";

/// @notice A contract that behaves like the published EmethCore where that differs from ours: verify keeps the
/// deposit, timeout may be called before the deadline, penalties are shares of the fee and stay here, nothing comes
/// back where the penalty reaches the deposit, Penalty is never emitted, verifiedAt stays 0, and a node's JOBs are not
/// listed. For tests.
contract PublishedCore {
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

    uint256 public constant DEPOSIT_RATE = 100_000;
    uint256 public constant TIMEOUT_PENALTY_RATE = 10_000;
    uint256 public constant DECLINE_PENALTY_RATE = 10_000;
    uint256 public constant FAILED_PENALTY_RATE = 100_000;
    uint256 public constant VERIFIER_FEE = 10 ether;
    uint256 public constant MAX_SLOT_GAS_PER_NODE = 1_000_000;

    PublishedToken public immutable emtToken;
    uint256 public immutable startSlot;
    address public verifier;
    address private immutable _owner = msg.sender;

    mapping(bytes16 jobId => Job) public jobs;
    mapping(bytes16 jobId => JobDetail) public jobDetails;
    mapping(bytes16 jobId => JobAssign) public jobAssigns;
    mapping(uint256 slot => uint256) private _totalGas;
    mapping(uint256 slot => mapping(address node => uint256)) public slotGas;
    mapping(uint256 slot => mapping(address node => uint256)) public slotBalances;

    event Request(address indexed owner, bytes16 indexed jobId, uint256 fee, uint256 deadline);
    event Cancel(bytes16 indexed jobId);
    event Status(bytes16 indexed jobId, address nodeAddress, uint256 status);
    event Reward(address indexed nodeAddress, uint256 slot, uint256 gas);

    constructor(address tokenAddress) {
        emtToken = PublishedToken(tokenAddress);
        startSlot = currentSlot();
    }

    function setVerifier(address account) external returns (bool) {
        require(msg.sender == _owner, "only owner");
        verifier = account;
        return true;
    }

    function request(
        bytes16 jobId,
        uint256 programId,
        string calldata dataset,
        string calldata param,
        uint256 fee,
        uint256 deadline
    ) external returns (bool) {
        require(!jobs[jobId].exist, "already exists");
        jobs[jobId] = Job(true, jobId, msg.sender, deadline, fee, 0, block.timestamp);
        jobDetails[jobId] = JobDetail(programId, param, dataset, "");
        emtToken.transferFrom(msg.sender, address(this), fee);
        emit Request(msg.sender, jobId, fee, deadline);
        return true;
    }

    function process(bytes16 jobId) external returns (bool) {
        require(jobs[jobId].exist && jobs[jobId].status == 0, "not requested");
        uint256 deposit = jobs[jobId].fee * DEPOSIT_RATE / 100_000;
        jobAssigns[jobId] = JobAssign(msg.sender, deposit, 0, block.timestamp, 0, 0);
        emtToken.transferFrom(msg.sender, address(this), deposit);
        _setStatus(jobId, 2);
        return true;
    }

    function submit(bytes16 jobId, string calldata result) external returns (bool) {
        require(jobs[jobId].status == 2 && jobAssigns[jobId].node == msg.sender, "not processing");
        jobDetails[jobId].result = result;
        jobAssigns[jobId].submittedAt = block.timestamp;
        _setStatus(jobId, 3);
        return true;
    }

    function decline(bytes16 jobId) external returns (bool) {
        require(jobs[jobId].status == 2 && jobAssigns[jobId].node == msg.sender, "not processing");
        _end(jobId, 9, DECLINE_PENALTY_RATE);
        return true;
    }

    function timeout(bytes16 jobId) external returns (bool) {
        require(msg.sender == verifier && jobs[jobId].status == 2, "not processing");
        _end(jobId, 7, TIMEOUT_PENALTY_RATE);
        return true;
    }

    function rejectResult(bytes16 jobId) external returns (bool) {
        require(msg.sender == verifier && jobs[jobId].status == 3, "not submitted");
        _end(jobId, 8, FAILED_PENALTY_RATE);
        return true;
    }

    function verify(bytes16 jobId, uint256 gas) external returns (bool) {
        require(msg.sender == verifier && jobs[jobId].status == 3, "not submitted");
        require(jobs[jobId].fee >= VERIFIER_FEE, "fee too small");
        address node = jobAssigns[jobId].node;
        jobAssigns[jobId].gas = gas;
        uint256 slot = currentSlot();
        _totalGas[slot] += gas;
        slotGas[slot][node] += gas;
        slotBalances[slot][node] += gas;
        emit Reward(node, slot, gas);
        emtToken.transfer(verifier, VERIFIER_FEE);
        emtToken.transfer(node, jobs[jobId].fee - VERIFIER_FEE);
        _setStatus(jobId, 4);
        return true;
    }

    function withdrawSlotReward(uint256 slot) external returns (bool) {
        require(slot < currentSlot(), "still open");
        uint256 gas = slotBalances[slot][msg.sender];
        require(gas > 0, "nothing left");
        slotBalances[slot][msg.sender] = 0;
        return emtToken.mint(msg.sender, currentSlotReward() * gas / _totalGas[slot]);
    }

    function isVerifier(address account) external view returns (bool) {
        return account == verifier;
    }

    function getEstimatedGas(uint256 datasetSizeMB, uint256 algoComplexity) external pure returns (uint256) {
        return datasetSizeMB * algoComplexity / 1000;
    }

    function slots(uint256 slot) external view returns (uint256 totalGas, uint256 totalReward) {
        return (_totalGas[slot], currentSlotReward());
    }

    function currentSlotReward() public pure returns (uint256) {
        return 288_000 ether;
    }

    function currentSlot() public view returns (uint256) {
        return block.timestamp / 1 days;
    }

    function _end(bytes16 jobId, uint256 status, uint256 penaltyRate) private {
        uint256 penalty = jobs[jobId].fee * penaltyRate / 100_000;
        uint256 deposit = jobAssigns[jobId].deposit;
        emtToken.transfer(jobs[jobId].owner, jobs[jobId].fee);
        if (penalty < deposit) emtToken.transfer(jobAssigns[jobId].node, deposit - penalty);
        _setStatus(jobId, status);
    }

    function _setStatus(bytes16 jobId, uint256 status) private {
        jobs[jobId].status = status;
        emit Status(jobId, jobAssigns[jobId].node, status);
    }
}
