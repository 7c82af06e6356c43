"""The hub that holds the money: Vyper sources with their built ABI and bytecode."""
