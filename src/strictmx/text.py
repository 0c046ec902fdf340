"""Text from outside made fit to be shown: on a terminal, in a log, in a message."""

from __future__ import annotations


def escaped(text: str) -> str:
    """The text with what could steer a terminal (C0, C1, bidi, zero width, line ends) as visible escapes."""
    if text.isprintable():
        return str(text)
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def cut(text: str, characters: int) -> str:
    """The text, at most so many characters long; a cut is marked by `…`."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
