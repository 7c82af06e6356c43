"""The program of a WebAssembly task's own process; all of it is in `host`.

Run as `python -I -S wasm_host.py WORKER_PID LIBRARY_FOLDER PROGRAM_FOLDER`: without `site`, which
costs a fifth of the start-up, so the folders say where wasmtime and this package lie. It says
"fenced" on standard output once it can no longer outlive the worker. The request on standard input
is a length of 4 bytes and a dict in Python's marshal format; the end of that input means later that
the worker is gone. The answer comes on standard output: `KIND NUMBER PEAK_BYTES` in one line, a
trap's reason after it. What the task itself prints goes to standard error.
"""

from __future__ import annotations

import gc
import sys

gc.disable()  # an import makes no garbage; looking for it took a tenth of the start-up
sys.path.append(sys.argv[3])

if __name__ == "__main__":
    from gridle.worker.sandbox.host.program import main

    main()
