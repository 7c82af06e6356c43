"""The market's server: orders, matching, leases, verification, awards, blobs."""
