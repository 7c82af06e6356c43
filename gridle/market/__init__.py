"""The marketplace: its protocol, its server, its contract, and both sides' doors to it."""
