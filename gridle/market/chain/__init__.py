"""The only door to an EVM; web3 lives here alone."""
