"""A supply over a stub registry that holds one image, for tests that make the stub misbehave."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage
from gridle.worker.images.supply import ImageSupply
from gridle.worker.sources.pace import Paces
from gridle.worker.sources.progress import OnProgress, Progress
from tests.rigs.registry_stub import Request, StubRegistry
from tests.rigs.sandbox_archive import config_of, digest, layer_tar, manifest_of

LAYERS = (layer_tar(secrets.token_bytes(300_000)), layer_tar(b"two"))
CONFIG = config_of(*LAYERS)
MANIFEST = manifest_of(CONFIG, *LAYERS)


def sha(data: bytes) -> str:
    """Return a digest in hex."""
    return digest(data).removeprefix("sha256:")


IMAGE_SHA256 = sha(CONFIG)


def no_blob(sha256: Sha256, on_progress: OnProgress) -> Path:
    """Stand for a market that is not to be asked."""
    raise AssertionError(sha256, on_progress)


def fill(stub: StubRegistry) -> None:
    """Put the image into a registry."""
    for each in (*LAYERS, CONFIG, MANIFEST):
        stub.put(each)


class Fetch:
    """A supply over the stub."""

    def __init__(self, stub: StubRegistry, folder: Path) -> None:
        self.stub = stub
        self.folder = folder / "images"
        self.paces = Paces()
        self.told: list[Progress] = []
        self.supply = ImageSupply(self.folder, self.paces, no_blob, allows_near=True)

    def __call__(self, manifest: bytes = MANIFEST) -> Path:
        registry = RegistryImage(self.stub.repository, sha(manifest))
        runtime = ContainerRuntime(IMAGE_SHA256, ("/x",), None, registry)
        return self.supply.fetch(runtime, self.told.append)

    @property
    def kept_bytes(self) -> int:
        return sum(each.stat().st_size for each in self.folder.glob("*"))


def redirects(to: str) -> Callable[[Request], None]:
    return lambda request: request.answer(307, headers={"Location": to})


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[Request], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: request.answer(status, body, named)


def needs_leave(stub: StubRegistry, token: bytes = b'{"token": "abc.DEF_1~2+/="}') -> None:
    challenge = f'Bearer realm="http://127.0.0.1:{stub.port}/token?x=1",service="the, \\"hub\\""'

    def guard(request: Request) -> None:
        if request.headers.get("Authorization") == "Bearer abc.DEF_1~2+/=":
            request.serve(stub.content[request.path.rpartition(":")[2]])
        else:
            request.answer(401, b"{}", {"WWW-Authenticate": challenge})

    for each in (MANIFEST, CONFIG, *LAYERS):
        stub.hook(sha(each), guard)
    stub.hooks["/token"] = says(200, token)
