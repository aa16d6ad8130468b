"""Where a page is seen besides its own address: names, a path of another server, frames; and a link kept private."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lstmviz.ui.prefix import checked_prefix


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is seen, and by whom. Raises ServeError for a prefix that is not a path.

    Attributes:
        hosts: Names of this server besides loopback (LSTMVIZ_HOSTS, separated by commas).
        prefix: The path under which a proxy shows the page (LSTMVIZ_PREFIX).
        frames: Sites that may show it in a frame, such as ``https://hub.example`` (LSTMVIZ_FRAMES, by commas).
        trusts_proxy: Whether a proxy names the path in X-Forwarded-Prefix (LSTMVIZ_TRUST_PROXY=1).
        token: What every visitor needs (LSTMVIZ_TOKEN); None for one that is made where others reach the server.
    """

    hosts: tuple[str, ...] = ()
    prefix: str = "/"
    frames: tuple[str, ...] = ()
    trusts_proxy: bool = False
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", checked_prefix(self.prefix))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **given: str | tuple[str, ...] | None) -> Place:
        """Return the place that the environment names; what is given otherwise counts before that."""
        named = {
            "hosts": _listed(environ.get("LSTMVIZ_HOSTS", "")),
            "prefix": environ.get("LSTMVIZ_PREFIX") or "/",
            "frames": _listed(environ.get("LSTMVIZ_FRAMES", "")),
            "trusts_proxy": environ.get("LSTMVIZ_TRUST_PROXY") == "1",
            "token": environ.get("LSTMVIZ_TOKEN") or None,
        }
        return cls(**{**named, **{name: value for name, value in given.items() if value}})  # type: ignore[arg-type]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@contextmanager
def private_link(address: str) -> Iterator[str]:
    """Yield the address of a file that only this user can read, and that leads to ``address``.

    A browser is started with an address on its command line, which every user of a machine can read in the list of its
    processes; so a token must not be in it.
    """
    handle, name = tempfile.mkstemp(prefix="lstmviz-", suffix=".html")  # readable by this user alone
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={html.escape(address)}">\n')
        yield path.as_uri()
    finally:
        with suppress(OSError):
            path.unlink()
