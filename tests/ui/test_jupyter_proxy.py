"""The page behind a real jupyter-server-proxy, as JupyterHub, code-server and SageMaker have it.

It brings forty packages, so it is installed into an environment of its own, in the long form.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import browser as browsing

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command, folder, address):
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.long
def test_the_page_works_behind_jupyter_server_proxy(parens, tmp_path, chromium):
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--constraint", CONSTRAINTS]
    subprocess.run([*install, "jupyter-server-proxy>=4.4"], check=True)
    hub, port = free_port(), free_port()
    base, prefix = "/user/ana/", f"/user/ana/proxy/{port}/"
    jupyter = [python, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={hub}", "--ip=127.0.0.1"]
    jupyter += [f"--ServerApp.base_url={base}", "--IdentityProvider.token=t0ken", f"--ServerApp.root_dir={tmp_path}"]
    page = [
        sys.executable,
        "-m",
        "lstmviz",
        "serve",
        parens.path,
        "--no-browser",
        "--port",
        str(port),
        "--prefix",
        prefix,
    ]
    outer = f"http://127.0.0.1:{hub}"
    with (
        running(jupyter, tmp_path, f"{outer}{base}api"),
        running(page, parens.path.parent, f"http://127.0.0.1:{port}/health"),
    ):
        stranger = urllib.request.urlopen(f"{outer}{prefix}d/{parens.uuid}/about.json", timeout=20)
        assert "/login" in stranger.url  # jupyter itself lets nobody in without its token
        asked = urllib.request.Request(f"{outer}{prefix}", headers={"Authorization": "token t0ken"})
        text = urllib.request.urlopen(asked, timeout=20).read().decode()
        assert re.search(rf'"{re.escape(prefix)}page/[^"]+/main\.mjs"', text)
        admitted = {"Authorization": "token t0ken"}
        with browsing.workbench(chromium, f"{outer}{prefix}", extra_http_headers=admitted) as bench:
            bench.page.goto(f"{outer}{prefix}")
            assert bench.ready()["cells"]
            bench.page.evaluate("() => lvDebug.changeState({ start: 249, stop: 255 }, 'settle')")
            assert bench.ready()["rows"]
