// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title EMT, the token of the Emeth network
/// @notice An ERC-20 whose supply grows by slot rewards, minted by EmethCore, and shrinks by burned penalties.
contract EmethToken is ERC20, Ownable {
    /// @notice Who may mint besides the owner: EmethCore, once the owner has called setMinter.
    address public minter;

    modifier onlyMinterOrOwner() {
        require(
            msg.sender == minter || msg.sender == owner(), "EmethToken: only the minter or the owner may call this"
        );
        _;
    }

    constructor() ERC20("Emeth Token", "EMT") Ownable(msg.sender) {}

    /// @notice Creates `amount` wei of EMT for `account`.
    function mint(address account, uint256 amount) external onlyMinterOrOwner returns (bool) {
        _mint(account, amount);
        return true;
    }

    /// @notice Destroys `amount` wei of the caller's own EMT.
    function burn(uint256 amount) external returns (bool) {
        require(balanceOf(msg.sender) >= amount, "EmethToken: EMT balance is below the amount to burn");
        _burn(msg.sender, amount);
        return true;
    }

    /// @notice Gives the right to mint to `newMinter` and takes it from the previous minter.
    function setMinter(address newMinter) external onlyMinterOrOwner returns (bool) {
        minter = newMinter;
        return true;
    }

    /// @dev As OpenZeppelin's, but with a message.
    function _checkOwner() internal view override {
        require(msg.sender == owner(), "EmethToken: only the owner may call this");
    }
}
