"""Reads JSON of strangers that nests no deeper than anything sensible does.

The standard library's reader goes down by recursion, and some Pythons overflow the stack there
instead of raising, where a library has lifted the limit.
"""

from __future__ import annotations

import json
from itertools import accumulate

_MOST_NESTED = 64
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_json(untrusted_text: str) -> object:
    """Return what a JSON text says.

    Brackets inside of strings count too: then less is read than could be.

    Raises:
        ValueError: it is no JSON, or nests deeper than 64.
    """
    steps = (_STEPS.get(char, 0) for char in untrusted_text)
    if max(accumulate(steps), default=0) > _MOST_NESTED:
        raise ValueError("it nests too deeply")
    try:
        found: object = json.loads(untrusted_text)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    return found
