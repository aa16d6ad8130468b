"""Collect everything that is wrong with a project, and find its files without leaving its folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from lstmviz.errors import LstmvizError, ProjectError

MAX_LINE = 600  # characters
MAX_LINES = 10  # faults reported for one file; a broken dictionary may have one for each word


class Faults:
    """Collects the faults of a project, so that all are reported at once."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def add(self, file: str, text: str) -> None:
        """Add a fault of a file; ``text`` follows the file's name."""
        lines = self._lines.setdefault(file, [])
        line = f"{file}{text}" if text.startswith(" ") else f"{file}: {text}"
        if line not in lines:
            lines.append(line)

    def add_error(self, file: str, error: LstmvizError) -> None:
        """Add an error as a fault of a file; its message may begin with the file's name."""
        self.add(file, str(error).removeprefix(file))

    def raise_if_any(self) -> None:
        """Raise ProjectError with every line so far, file by file."""
        reported = []
        for file, lines in self._lines.items():
            reported += lines[:MAX_LINES]
            if len(lines) > MAX_LINES:
                reported.append(f"{file}: {len(lines) - MAX_LINES} more like these")
        if reported:
            raise ProjectError("\n".join(map(one_line, reported)))


def one_line(text: str) -> str:
    """Return a text as one printable line: it goes to a terminal, and names in it come from the project."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."


def find_inside(folder: Path, name: str) -> Path:
    """Return the real path of a file named in ``lstm.yml``: a plain file inside the project's folder.

    Raises LstmvizError, whose message follows the file's name, where it is missing or outside the folder.
    """
    outside = " lies outside the project's folder, where no file may be read; copy it in and give its relative path"
    pure = PurePosixPath(name)
    is_absolute = pure.is_absolute() or PureWindowsPath(name).is_absolute() or PureWindowsPath(name).drive != ""
    if not name or "\0" in name or is_absolute or ".." in pure.parts or ".." in PureWindowsPath(name).parts:
        raise LstmvizError(outside)
    home = folder.resolve()
    try:
        real = (home / name).resolve(strict=True)
    except (OSError, RuntimeError) as err:
        present = ", ".join(sorted(p.name for p in home.iterdir() if p.is_file())[:12]) or "no file"
        raise LstmvizError(f" is not there; the folder has {present}") from err
    if not real.is_relative_to(home):
        raise LstmvizError(outside)
    if not real.is_file():
        raise LstmvizError(" is not a file; give one")
    return real
