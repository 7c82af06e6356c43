"""Image archives in the Open Container Initiative's layout, as a hostile publisher would write."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class HostileImage:
    """An image of one layer with the hostile program, and what else the publisher puts in it."""

    program: bytes
    members: list[tarfile.TarInfo] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> str:
        """Write the archive; return the image's digest."""
        layer = self._layer()
        layer_digest = hashlib.sha256(layer).hexdigest()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": self.config,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
            }
        ).encode()
        kind = "application/vnd.oci.image"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": f"{kind}.manifest.v1+json",
                "config": _descriptor(f"{kind}.config.v1+json", config),
                "layers": [_descriptor(f"{kind}.layer.v1.tar", layer)],
                **({"annotations": self.annotations} if self.annotations else {}),
            }
        ).encode()
        index = {
            "schemaVersion": 2,
            "manifests": [_descriptor(f"{kind}.manifest.v1+json", manifest)],
        }
        files = {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index).encode(),
        }
        for blob in (layer, config, manifest):
            files[f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"] = blob
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in files.items():
                archive.addfile(_file(name, content), io.BytesIO(content))
        return hashlib.sha256(config).hexdigest()

    def _layer(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
            program = _file("hostile", self.program)
            program.mode = 0o755
            layer.addfile(program, io.BytesIO(self.program))
            for member in self.members:
                layer.addfile(member)
        return buffer.getvalue()


def _file(name: str, content: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member


def _descriptor(kind: str, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}
