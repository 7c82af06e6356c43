"""Ways out of the machine, and to the machine's own doors."""

from __future__ import annotations

from tests.escape.case import ABSENT
from tests.escape.probe import Probe

_UNREACHED = ABSENT | {
    "Network unreachable",
    "Host is unreachable",
    "Connection refused",
    "Operation timed out",
    "Address not available",
    "Address family not supported by protocol",
    "Protocol not supported",
    "Socket type not supported",
    "No such device",
}
_METADATA = "169.254.169.254"

NETWORK = [
    Probe(
        "connect to loopback and the LAN",
        ("connect", "@tcp", "@addresses", "10.0.2.2", "192.168.0.1", "172.17.0.1"),
        errors=_UNREACHED,
    ),
    Probe(
        "connect to metadata and the internet",
        ("connect", "80", _METADATA, "100.100.100.200", "192.0.0.192", "1.1.1.1"),
        errors=_UNREACHED,
    ),
    Probe("ask a name server of this machine", ("ask-names", "@udp", "@addresses"),
          errors=_UNREACHED),
    Probe("ask a name server far away", ("ask-names", "53", "127.0.0.53", "8.8.8.8", _METADATA),
          errors=_UNREACHED),
    Probe("unix sockets of the host", ("abstract", "@abstract"), errors=_UNREACHED),
    Probe("see network interfaces", ("interfaces", "@interfaces"), errors=_UNREACHED),
    Probe("raw, packet, vsock and other families", ("families",), errors=_UNREACHED),
    Probe("load families by pairs of sockets", ("pairs",), errors=_UNREACHED),
]  # fmt: skip
