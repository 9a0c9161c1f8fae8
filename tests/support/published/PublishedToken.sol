// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice A token that behaves like the published EMT: it emits no Transfer when it mints or burns, and its decimals()
/// is a uint256. For tests.
contract PublishedToken {
    uint256 public constant decimals = 18;
    string public constant name = "EMT as published";
    string public constant symbol = "EMT";
    address public owner = msg.sender;
    address public minter = msg.sender;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function setMinter(address account) external returns (bool) {
        require(msg.sender == owner, "only owner");
        minter = account;
        return true;
    }

    function mint(address account, uint256 amount) external returns (bool) {
        require(msg.sender == minter || msg.sender == owner, "only minter");
        totalSupply += amount;
        balanceOf[account] += amount;
        return true;
    }

    function burn(uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }
}
