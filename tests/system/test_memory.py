"""Many threads share few pools of freed memory."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys

import pytest

from lstmviz.system import memory

COUNT = """
import ctypes, threading
from lstmviz.system.memory import few_arenas
if {is_few}:
    few_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together, places = threading.Barrier(12), []
def take():
    together.wait()
    places.append(libc.malloc(1000))
    together.wait()  # or a thread that begins later would take over the pool of one that has ended
threads = [threading.Thread(target=take) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len({{place >> 26 for place in places}}))  # glibc's pools begin at multiples of 64 MB
"""


def n_pools(is_few):
    done = subprocess.run([sys.executable, "-c", COUNT.format(is_few=is_few)], capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems' allocators have no such pools")
def test_twelve_threads_share_two_pools():
    assert n_pools(True) <= 2 < 6 < n_pools(False)


def test_an_allocator_without_pools_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.few_arenas()
