"""What crosses the wire: messages, ids, signing, EIP-712. Pure; imports no other room."""
