"""The event loop that asks the policy and acts."""
