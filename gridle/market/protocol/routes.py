"""Paths of the market's HTTP interface, used by the server and by both clients.

Answers that no message's docstring names: POST /v1/requestors echoes the `RequestorEnrolment`,
POST /v1/nodes answers `NodeRecord`, POST /v1/jobs and POST /v1/jobs/{id}/cancel answer
`JobStatus`, the relay answers `RelayReceipt`; each with status 200. PUT of a blob answers 204
with no body. Every status of 400 or more carries an `ErrorReply`.
"""

MARKET = "/v1/market"
NODES = "/v1/nodes"
LEASES = "/v1/leases"
LEASES_RENEW = "/v1/leases/renew"
REPORTS = "/v1/reports"
SETTLEMENTS = "/v1/settlements"
BLOBS = "/v1/blobs"
REQUESTORS = "/v1/requestors"
JOBS = "/v1/jobs"
PAYERS = "/v1/payers"
RELAY_DEPOSITS = "/v1/relay/deposits"
RELAY_APPOINTMENTS = "/v1/relay/appointments"


def blob(sha256: str) -> str:
    """PUT stores a blob under its digest, GET and HEAD read it (ranges allowed)."""
    return f"{BLOBS}/{sha256}"


def job(job_id: str) -> str:
    """GET one job with its tasks."""
    return f"{JOBS}/{job_id}"


def job_cancel(job_id: str) -> str:
    """POST stops offering a job's unfinished tasks."""
    return f"{JOBS}/{job_id}/cancel"


def job_verdicts(job_id: str) -> str:
    """POST the requestor's judgements."""
    return f"{JOBS}/{job_id}/verdicts"


def job_keys(job_id: str) -> str:
    """POST the wrapped keys of sealed tasks."""
    return f"{JOBS}/{job_id}/keys"


def lease_key(lease_id: str) -> str:
    """GET the wrapped keys of a sealed task, by the node that has it."""
    return f"{LEASES}/{lease_id}/key"


def payer(address: str) -> str:
    """GET a payer's account."""
    return f"{PAYERS}/{address}"
