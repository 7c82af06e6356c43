"""A worker's stand-in that owns running tasks until it is killed: python sandbox_owner.py JSON."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import msgspec

from gridle.market.protocol.manifest import Resources, Runtime
from gridle.worker.sandbox.port import Sandbox, Share, TaskSpec
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.rigs import container_engines


def main() -> None:
    """Start the counting task, say its name on standard output, and wait."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    runtime: Runtime = msgspec.convert(order["runtime"], Runtime)
    sandbox: Sandbox
    if order["runtime"]["kind"] == "wasm":
        sandbox = WasmSandbox(Path(order["modules"]), order["worker_id"])
        sandbox.prepare(runtime, lambda _: Path(order["module"]))
    else:
        sandbox = container_engines.make_sandbox(order["engine"], order["worker_id"])
    spec = TaskSpec("owned", runtime, ("count",), Resources(reference_s=1.0), folder)
    task = sandbox.start(spec, Share(50.0), lambda _: None)
    if order["paused"]:
        task.pause()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
