"""The page under a path of another server: behind nginx, behind a proxy that keeps the path, and where it names it."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from lstmviz.errors import ServeError
from lstmviz.ui.place import Place, private_link
from lstmviz.ui.prefix import checked_prefix
from lstmviz.ui.serve import make_app
from support import browser as browsing

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /lab/lstmviz/ {{ proxy_pass http://127.0.0.1:{inner}/; {headers} }}
    location /kept/ {{ proxy_pass http://127.0.0.1:{inner}; {headers} }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def nginx(folder, inner, headers="proxy_set_header Host $http_host;"):
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if binary is None:
        pytest.fail("nginx is not installed: make tools does that")
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, inner=inner, headers=headers))
    process = subprocess.Popen([binary, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def inner(parens):
    """The port of the command line itself, which serves under a path and another name."""
    command = [sys.executable, "-m", "lstmviz", "serve", str(parens.path), "--no-browser", "--port", str(free_port())]
    options = ["--prefix", "/lab/lstmviz/", "--allow-host", "lab.example"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield int(re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())[1])
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_the_page_works_under_a_path_of_nginx(chromium, inner, tmp_path):
    with (
        nginx(tmp_path, inner) as outer,
        browsing.workbench(chromium, f"{outer}/lab/lstmviz/") as bench,
    ):
        bench.page.goto(f"{outer}/lab/lstmviz/")
        assert bench.ready()["cells"]
        bench.page.evaluate("() => lvDebug.changeState({ start: 249, stop: 255 }, 'settle')")
        assert bench.ready()["rows"]


@pytest.mark.parametrize("prefix", ["/lab/lstmviz/", "/kept/"])
def test_a_proxy_may_strip_the_path_or_keep_it(parens, prefix):
    client = make_app([parens], place=Place(prefix=prefix)).server.test_client()
    for path in (prefix, "/"):
        page = client.get(path).text
        assert f'src="{prefix}page/' in page
        assert client.get(f"{path}d/{parens.uuid}/about.json").json["uuid"] == parens.uuid


def test_a_trusted_proxy_names_the_path_and_no_one_else_does(parens):
    named = {"X-Forwarded-Prefix": "/user/ana/proxy/8050"}
    trusting = make_app([parens], place=Place(trusts_proxy=True)).server.test_client()
    assert 'src="/user/ana/proxy/8050/page/' in trusting.get("/", headers=named).text
    assert 'src="/page/' in trusting.get("/").text
    for odd in ("//evil.example", "/a/../b", "/a\r\nb", '/"><script>', "evil.example/"):
        assert 'src="/page/' in trusting.get("/", headers={"X-Forwarded-Prefix": odd.replace("\r\n", " ")}).text
    for i in range(30):
        assert trusting.get("/health", headers={"X-Forwarded-Prefix": f"/{i}"}).status_code == 200
    assert 'src="/page/' in make_app([parens]).server.test_client().get("/", headers=named).text


def test_the_token_is_exchanged_under_the_path(parens):
    client = make_app([parens], place=Place(token="s3cret", prefix="/lab/")).server.test_client()
    admitted = client.get("/?token=s3cret&start=3")
    assert admitted.headers["Location"] == "/lab/?start=3"
    assert "Path=/lab/" in admitted.headers["Set-Cookie"]
    there = {"PATH_INFO": "//evil.example/", "QUERY_STRING": "token=s3cret"}
    assert client.open(environ_overrides=there).headers["Location"] == "/lab/evil.example/"


def test_a_prefix_that_is_no_path_is_refused():
    assert [checked_prefix(p) for p in ("/", "", "/a", "/user/ana@x/proxy/8050/")] == [
        "/",
        "/",
        "/a/",
        "/user/ana@x/proxy/8050/",
    ]
    encoded = ("/%2e%2e/a/", "/a/./b/", "/%2f/a", "/%5ca", "/%0d%0aa", f"/{'a' * 1_000}")
    for odd in ("a/", "/a/../b/", "//a/", "/a?b", '/"', "http://x/", *encoded):
        with pytest.raises(ServeError, match="is not a path; give one such as"):
            checked_prefix(odd)


def test_the_environment_and_the_options_say_where_the_page_is():
    environ = {"LSTMVIZ_HOSTS": "lab.example, hub.example", "LSTMVIZ_PREFIX": "/lab", "LSTMVIZ_TRUST_PROXY": "1"}
    place = Place.from_environment(environ, hosts=(), prefix=None)
    assert (place.hosts, place.prefix, place.trusts_proxy) == (("lab.example", "hub.example"), "/lab/", True)
    assert Place.from_environment(environ, hosts=("x",), prefix="/y/").prefix == "/y/"


def test_a_name_given_on_the_command_line_is_a_name_of_the_server(inner):
    for name, status in (("lab.example", 200), ("evil.example", 403)):
        asked = urllib.request.Request(f"http://127.0.0.1:{inner}/health", headers={"Host": name})
        try:
            found = urllib.request.urlopen(asked).status
        except urllib.error.HTTPError as err:
            found = err.code
        assert found == status


def test_the_token_is_not_on_the_browsers_command_line():
    with private_link("http://10.0.0.1:8050/?token=s3cret&x=1") as link:
        assert link.startswith("file://")
        assert "s3cret" not in link
        path = Path(link.removeprefix("file://"))
        assert 'url=http://10.0.0.1:8050/?token=s3cret&amp;x=1"' in path.read_text()
        assert oct(path.stat().st_mode)[-3:] == "600"
    assert not path.exists()
