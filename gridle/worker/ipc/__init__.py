"""The local door: messages, endpoint, server and client."""
