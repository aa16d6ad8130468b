"""The dashboard: ``python app.py DUMP...``, or ``gunicorn app:server`` with dumps in LSTMVIZ_DUMPS."""

from __future__ import annotations

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "server":  # created when gunicorn asks for it; importing this file opens no dump
        from lstmviz.errors import LstmvizError
        from lstmviz.ui.serve import server_from_environment

        try:
            return server_from_environment()
        except LstmvizError as error:
            sys.exit(f"lstmviz: {error}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    from lstmviz.cli import serve_command

    serve_command().main(prog_name="python app.py")
