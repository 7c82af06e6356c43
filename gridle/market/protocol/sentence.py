"""One plain sentence for a person, in every language that Gridle speaks."""

from __future__ import annotations

import locale
import os

import msgspec

from gridle.market.protocol.plain_text import plain


class Sentence(msgspec.Struct, frozen=True):
    """A message to a person; both languages are required, so that none can be forgotten."""

    en: str
    zh: str

    def say(self, language: str) -> str:
        """Return the text for a language tag such as `zh_CN`; English where it is unknown.

        It is plain: parts of it, or all, may come from somebody else.
        """
        return plain(self.zh if language.lower().startswith("zh") else self.en)

    def __str__(self) -> str:
        return self.say(preferred_language())


def preferred_language() -> str:
    """Return the language tag of the person at this machine, from GRIDLE_LANG or the locale."""
    chosen = os.environ.get("GRIDLE_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG")
    return chosen or locale.getlocale()[0] or "en"
