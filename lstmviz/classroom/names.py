"""Short texts that people type, made safe to show, and the code by which a class is joined."""

from __future__ import annotations

import secrets
import unicodedata

from lstmviz.errors import ClassError

MOST_NAME = 24  # characters of a nickname
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another on a projector: no 0, O, 1, I or L
CODE_LENGTH = 6  # 31 ** 6 codes: at 120 wrong guesses a minute, one in 40,000 is found in three hours
MOST_MARKS = 2  # on one letter
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, direction, zero width, unassigned


def plain(text: str, most: int) -> str:
    """Return a text on one line without control, direction or invisible characters, cut after ``most`` characters.

    Of the combining marks on a letter two are kept, as many as scripts need, so that no text reaches into other lines.
    """
    kept: list[str] = []
    n_marks = MOST_MARKS  # none stands at the beginning
    for char in unicodedata.normalize("NFC", text[: 8 * most]):
        kind = unicodedata.category(char)
        n_marks = n_marks + 1 if kind[0] == "M" else 0
        if char.isspace():
            kept.append(" ")
        elif kind not in _HIDDEN and n_marks <= MOST_MARKS:
            kept.append(char)
    line = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    return line[:most].strip()


def nickname(text: str, taken: frozenset[str] = frozenset()) -> str:
    """Return a nickname to show; one that is taken already, whatever its case, gets a number.

    Raises ClassError where nothing of it can be shown.
    """
    name = plain(text, MOST_NAME)
    if not any(char.isalnum() or unicodedata.category(char)[0] in "SP" for char in name):
        raise ClassError(f"a nickname has 1 to {MOST_NAME} letters, digits or signs; type one")
    names = {other.casefold() for other in taken}
    number, free = 1, name
    while free.casefold() in names:
        number += 1
        free = f"{name[: MOST_NAME - len(str(number)) - 1]} {number}"
    return free


def new_code() -> str:
    """Return a code for a class, which nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def same_code(given: str, code: str) -> bool:
    """Tell whether a code was given, as it was typed: in small letters, with spaces or hyphens."""
    typed = "".join(char for char in given[:40].upper() if char in LETTERS)
    return secrets.compare_digest(typed, code)
