"""A process that pulls an image at a rate and says how far it has come, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage
from gridle.worker.images.supply import ImageSupply
from gridle.worker.sources.pace import Paces
from tests.rigs.registry_fetch import no_blob


def main() -> None:
    """Pull as the arguments say: repository, manifest, image, folder, bytes a second."""
    repository, manifest_sha256, image_sha256, folder, rate = sys.argv[1:]
    paces = Paces()
    paces.downloads.limit(int(rate))
    supply = ImageSupply(Path(folder), paces, no_blob, allows_near=True)
    image = RegistryImage(repository, manifest_sha256)
    runtime = ContainerRuntime(image_sha256, ("/x",), None, image)
    supply.fetch(runtime, lambda progress: print(progress.done_bytes, flush=True))  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
