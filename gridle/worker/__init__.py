"""The headless agent: watches the machine, decides, runs tasks, keeps the ledger."""
