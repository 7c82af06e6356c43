"""The practice's window: the app as a child; its Quit ends the practice, its death does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from gridle.lifeline import OPTION
from gridle.market.practice.places import Places
from gridle.market.practice.practice import Practice, running_practice
from gridle.market.protocol.sentence import Sentence

Say = Callable[[Sentence], None]


def has_display(say: Say) -> bool:
    """Tell whether a window can be opened here, saying so where it cannot."""
    if sys.platform != "linux":
        return True
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    say(
        Sentence(
            "This session has no display, so the practice is shown here in the terminal.",
            "此会话没有图形界面，因此在终端中显示练习情况。",
        )
    )
    return False


def open_window(practice: Practice, ended: threading.Event, say: Say) -> None:
    """Open the app; choosing Quit in it sets `ended`, and `ended` closes it."""
    with practice.places.log("app").open("ab") as output:
        app = subprocess.Popen(
            [*practice.places.app_command(), OPTION],
            env=practice.environment(),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )

    def watch() -> None:
        if app.wait() == 0:
            ended.set()
        elif not ended.is_set():
            say(
                Sentence(
                    "The window closed unexpectedly; market and worker go on. Open it again with "
                    "`gridle practice open`, or end all with Ctrl-C.",
                    "窗口意外关闭；市场和工作程序仍在运行。可用 `gridle practice open` 重新打开，"
                    "或按 Ctrl-C 全部结束。",
                )
            )

    def close() -> None:
        ended.wait()
        app.terminate()

    threading.Thread(target=watch, name="app", daemon=True).start()
    threading.Thread(target=close, name="close-app", daemon=True).start()


def open_again(home: Path) -> int:
    """Open the app on a practice that runs elsewhere; its Quit ends that practice.

    Raises:
        UnavailableError: no practice runs in `home`.
    """
    facts = running_practice(home)
    status = subprocess.run(Places(home).app_command(), check=False).returncode
    if status == 0:
        os.kill(facts.pid, signal.SIGTERM)
    return status
