"""How a registry says who gives leave to read, and what is asked there. Pure.

RFC 9110 section 11.6.1 (challenges) and the token authentication of the Distribution project.
We are nobody in particular: a token is asked for without credentials, for one repository, to pull.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gridle.worker.images.addresses import Place, PlaceError, is_here, read_url

MAX_TOKEN_BYTES = 16 * 1024
_MAX_CHALLENGE_CHARS = 4096
_SCHEME = re.compile(r"[Bb]earer +")
_PARAMETER = re.compile(
    r'([A-Za-z_-]{1,32})=(?:"((?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*)"|([A-Za-z0-9!#$%&\'*+.^_`|~-]+))'
    r"(?: *, *|$)"
)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_COMMON_LABELS = 2


@dataclass(frozen=True)
class Challenge:
    """Where a token is to be had, and for which service."""

    realm: Place
    service: str | None


class _Reply(Struct):
    token: str | None = None
    access_token: str | None = None


def read_challenge(untrusted_header: str, registry: Place) -> Challenge:
    """Read a `WWW-Authenticate` header.

    Raises:
        PlaceError: it asks for something else than a token, or sends us to strangers for it.
    """
    parameters = _parameters(untrusted_header)
    realm = read_url(parameters.get("realm", ""))
    if not _belong_together(realm, registry):
        raise PlaceError("it sends to somebody else's address for leave to read")
    return Challenge(realm, parameters.get("service"))


def token_place(challenge: Challenge, repository: str) -> Place:
    """Return where to GET a token that lets `repository` be pulled.

    Raises:
        PlaceError: what the registry said makes no address.
    """
    query = {"scope": f"repository:{repository}:pull"}  # never what a registry would have us ask
    if challenge.service:
        query["service"] = challenge.service
    separator = "&" if "?" in challenge.realm.target else "?"
    return read_url(challenge.realm.url + separator + urlencode(query))


def read_token(untrusted_body: bytes) -> str:
    """Return the token of an answer.

    Raises:
        PlaceError: there is none that could be sent back.
    """
    try:
        reply = msgspec.json.decode(untrusted_body, type=_Reply)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PlaceError("its leave to read cannot be understood") from error
    token = reply.token or reply.access_token or ""
    if len(token) > MAX_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise PlaceError("its leave to read cannot be understood")
    return token


def _parameters(untrusted_header: str) -> dict[str, str]:
    scheme = _SCHEME.match(untrusted_header[:_MAX_CHALLENGE_CHARS])
    if scheme is None or len(untrusted_header) > _MAX_CHALLENGE_CHARS:
        raise PlaceError("it wants to know who we are")
    found: dict[str, str] = {}
    at = scheme.end()
    while at < len(untrusted_header):
        part = _PARAMETER.match(untrusted_header, at)
        if part is None or part[1].lower() in found:
            raise PlaceError("it says in a broken way where to ask for leave to read")
        quoted = part[2]
        value = part[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found[part[1].lower()] = value
        at = part.end()
    return found


def _belong_together(realm: Place, registry: Place) -> bool:
    """Whether they are one host, or hosts of one owner (auth.docker.io, registry-1.docker.io)."""
    if realm.host == registry.host or (is_here(realm.host) and is_here(registry.host)):
        return True
    ends = [each.host.split(".")[-_COMMON_LABELS:] for each in (realm, registry)]
    return ends[0] == ends[1] and ends[0][-1].isalpha() and len(ends[0]) == _COMMON_LABELS
