from __future__ import annotations

import pytest

from gridle.worker.sandbox.host.seatbelt import profile


def test_all_is_denied_but_plain_files_in_the_folders() -> None:
    assert profile(("/w/in",), ("/w/out",)) == (
        "(version 1)\n"
        "(deny default)\n"
        '(allow file-read* (subpath "/w/in"))\n'
        '(allow file-read* (subpath "/w/out"))\n'
        '(allow file-write* (require-all (subpath "/w/out") (vnode-type REGULAR-FILE)))\n'
    )
    assert profile((), ()) == "(version 1)\n(deny default)\n"


def test_a_path_cannot_end_its_quotes() -> None:
    assert '(subpath "/a\\" \\\\b")' in profile(('/a" \\b',), ())
    with pytest.raises(ValueError, match="line"):
        profile(("/new\nline",), ())
