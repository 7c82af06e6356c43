"""What runs inside a WebAssembly task's own process (see wasm_host), and never in the worker.

Every millisecond of its start is a task's: its modules import each other, ctypes, and what Python
has loaded anyway. No dataclasses, typing, pathlib, json or hashlib here, which take longer to
import than the task's code to load.
"""
