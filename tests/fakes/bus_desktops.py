"""Desktop and system services as small real services on a private bus."""

from __future__ import annotations

from typing import Any

from tests.rigs.bus_service import Answer, BusService

_PROPERTIES = "org.freedesktop.DBus.Properties"


class FakeScreenSaver(BusService):
    """A screen saver that tells idle time, in milliseconds as KDE does, and whether it is on."""

    def __init__(self, address: str, name: str = "org.freedesktop.ScreenSaver") -> None:
        self.idle_ms: int | None = 60_000
        self.active = False
        self._name = name
        self._path = "/" + name.replace(".", "/")
        answers: dict[str, Answer] = {
            f"{name}.GetSessionIdleTime": self._idle_time,
            f"{name}.GetActive": lambda: ("b", (self.active,)),
        }
        super().__init__(address, [name], answers)

    def _idle_time(self) -> tuple[str, tuple[Any, ...]]:
        return ("s", ("unknown",)) if self.idle_ms is None else ("u", (self.idle_ms,))

    def lock(self, *, on: bool) -> None:
        self.active = on
        self.emit(self._path, self._name, "ActiveChanged", "b", (on,))


class FakeSessionManager(BusService):
    """GNOME's session manager with inhibitors."""

    NAME, PATH = "org.gnome.SessionManager", "/org/gnome/SessionManager"

    def __init__(self, address: str) -> None:
        self._inhibitors: dict[str, tuple[str, int]] = {}
        answers: dict[str, Answer] = {
            f"{self.NAME}.GetInhibitors": lambda: ("ao", (list(self._inhibitors),))
        }
        super().__init__(address, [self.NAME], answers)

    def inhibit(self, number: int, program: str, flags: int) -> None:
        path = f"{self.PATH}/Inhibitor{number}"
        face = f"{path} {self.NAME}.Inhibitor"
        self._inhibitors[path] = (program, flags)
        self.answers[f"{face}.GetAppId"] = lambda: ("s", (program,))
        self.answers[f"{face}.GetFlags"] = lambda: ("u", (flags,))
        self.emit(self.PATH, self.NAME, "InhibitorAdded", "o", (path,))

    def release(self, number: int) -> None:
        path = f"{self.PATH}/Inhibitor{number}"
        del self._inhibitors[path]
        self.emit(self.PATH, self.NAME, "InhibitorRemoved", "o", (path,))


class FakeLogind(BusService):
    """logind with sessions and inhibitors."""

    NAME, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
    MANAGER, SESSION = "org.freedesktop.login1.Manager", "org.freedesktop.login1.Session"

    def __init__(self, address: str) -> None:
        self._sessions: dict[str, dict[str, tuple[str, Any]]] = {}
        self.inhibitors: list[tuple[str, str, str, str, int, int]] = []
        answers: dict[str, Answer] = {
            f"{self.MANAGER}.ListSessions": self._list,
            f"{self.MANAGER}.ListInhibitors": lambda: ("a(ssssuu)", (self.inhibitors,)),
        }
        super().__init__(address, [self.NAME], answers)

    def log_in(self, name: str, user: int, **changed: Any) -> None:  # noqa: ANN401 - any property
        """Open a Wayland session in the foreground whose desktop never tells when it is idle."""
        path = self._path(name)
        told: dict[str, Any] = {
            "Type": "wayland",
            "Class": "user",
            "State": "active",
            "TTY": "tty2",
            "Active": True,
            "Remote": False,
            "LockedHint": False,
            "IdleHint": False,
            **changed,
        }
        properties = {key: ("b" if isinstance(at, bool) else "s", at) for key, at in told.items()}
        properties |= {
            "Id": ("s", name),
            "User": ("(uo)", (user, f"{self.PATH}/user/_{user}")),
            "Seat": ("(so)", ("seat0", f"{self.PATH}/seat/seat0")),
            "IdleSinceHintMonotonic": ("t", 0),
        }
        self._sessions[path] = properties
        self.answers[f"{path} {_PROPERTIES}.GetAll"] = lambda _: (
            "a{sv}",
            (self._sessions[path],),
        )
        self.emit(self.PATH, self.MANAGER, "SessionNew", "so", (name, path))

    def change(self, name: str, member: str, signature: str, value: object) -> None:
        path = self._path(name)
        self._sessions[path][member] = (signature, value)
        changed = {member: (signature, value)}
        self._tell_change(path, self.SESSION, changed)

    def log_out(self, name: str) -> None:
        path = self._path(name)
        del self._sessions[path]
        del self.answers[f"{path} {_PROPERTIES}.GetAll"]
        self.emit(self.PATH, self.MANAGER, "SessionRemoved", "so", (name, path))

    def inhibit(self, *inhibitors: tuple[str, str, str, str, int, int]) -> None:
        """Have these inhibitors from now on: what, who, why, mode, user, process."""
        self.inhibitors = list(inhibitors)
        what = ":".join(inhibitor[0] for inhibitor in inhibitors)
        self._tell_change(self.PATH, self.MANAGER, {"BlockInhibited": ("s", what)})

    def sleep(self, *, begins: bool) -> None:
        self.emit(self.PATH, self.MANAGER, "PrepareForSleep", "b", (begins,))

    def _path(self, name: str) -> str:
        return f"{self.PATH}/session/_3{name}"

    def _list(self) -> tuple[str, tuple[Any, ...]]:
        listed = [
            (at["Id"][1], at["User"][1][0], "somebody", "seat0", path)
            for path, at in self._sessions.items()
        ]
        return "a(susso)", (listed,)

    def _tell_change(self, path: str, face: str, changed: dict[str, tuple[str, object]]) -> None:
        self.emit(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", (face, changed, []))
