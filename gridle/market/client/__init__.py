"""The requestor's side: submit, watch, collect."""
