"""A real registry (Debian's docker-registry) on loopback, and a few lines that push into it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import requests

from tests.rigs.sandbox_archive import MANIFEST_TYPE

PROGRAM = "docker-registry"
_LISTENING = re.compile(rb"listening on (127\.0\.0\.1:[0-9]+)")
_START_TIMEOUT_S = 60.0
_CONFIG = """\
version: 0.1
log: {{level: info}}
storage:
  filesystem: {{rootdirectory: "{folder}"}}
http: {{addr: "127.0.0.1:0"}}
"""


def is_installed() -> bool:
    """Whether this machine has it."""
    return shutil.which(PROGRAM) is not None


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a registry over `folder`; yields its host and port."""
    config = folder / "registry.yml"
    config.write_text(_CONFIG.format(folder=folder / "data"))
    with subprocess.Popen(
        [PROGRAM, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stderr is not None
            cut = threading.Timer(_START_TIMEOUT_S, process.kill)
            cut.start()
            found = next(filter(None, map(_LISTENING.search, process.stderr)))
            cut.cancel()
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            yield found[1].decode()
        finally:
            process.kill()


def push(repository: str, blobs: list[bytes], manifest: bytes, kind: str = MANIFEST_TYPE) -> str:
    """Push an image's parts and its manifest; returns the manifest's digest in hex."""
    host, _, path = repository.partition("/")
    root = f"http://{host}/v2/{path}"
    for blob in blobs:
        begun = requests.post(f"{root}/blobs/uploads/", timeout=60)
        begun.raise_for_status()
        where = begun.headers["Location"]
        query = urlencode({"digest": f"sha256:{hashlib.sha256(blob).hexdigest()}"})
        done = requests.put(
            f"{where}{'&' if '?' in where else '?'}{query}",
            data=blob,
            headers={"Content-Type": "application/octet-stream"},
            timeout=60,
        )
        done.raise_for_status()
    sha256 = hashlib.sha256(manifest).hexdigest()
    requests.put(
        f"{root}/manifests/sha256:{sha256}",
        data=manifest,
        headers={"Content-Type": kind},
        timeout=60,
    ).raise_for_status()
    return sha256
