"""Run one task on every shard of a corpus: in threads of this process, or on the workers of a dask scheduler.

Only paths, the task and its small results travel.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from importlib import import_module
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from lstmviz.dump.corpus.reader import Shard
from lstmviz.errors import ClusterError, DumpMissing, LstmvizError, reason_with_class

ANSWER_WITHIN = 10  # seconds in which a scheduler must answer, and have a worker
EXTRA = "pip install 'lstmviz[cluster]'"

T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """A function of one shard, defined in a module so that a worker can import it by name."""

    def __call__(self, shard: Shard, /) -> T_co:
        """Open the shard by its path and return the result."""


def map_shards(task: Task[T_co], shards: Sequence[Shard], scheduler: str | None = None) -> list[T_co]:
    """Return the task's result for each shard, in order.

    ``scheduler`` is the address of a ``dask.distributed`` scheduler, such as ``tcp://host:8786``; None runs the task in
    threads of this process. Raises ClusterError if the scheduler cannot be used or a worker fails, DumpMissing if a
    worker cannot see a shard, and what the task itself raises.
    """
    if scheduler is not None:
        return _ask_workers(task, shards, scheduler)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [done.result() for done in [pool.submit(copy_context().run, task, shard) for shard in shards]]


def _ask_workers(task: Task[T_co], shards: Sequence[Shard], address: str) -> list[T_co]:
    with _client(address) as client:
        try:
            client.wait_for_workers(1, timeout=ANSWER_WITHIN)
        except TimeoutError as err:
            raise ClusterError(
                f"the scheduler at {address} has no workers; start one with: dask worker {address}"
            ) from err
        try:
            results: list[T_co] = client.gather(client.map(partial(_at_worker, task), shards, pure=False))
        except LstmvizError:
            raise
        except Exception as err:  # anything may go wrong on another machine
            reason = reason_with_class(err)
            raise ClusterError(
                f"a worker of {address} failed ({reason}); each needs the same versions of lstmviz and dask as here"
            ) from err
    return results


def _client(address: str) -> Any:
    """Connect to a scheduler; first by a plain socket, because a Client that fails leaves a thread behind."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as err:
        raise ClusterError(f"the scheduler {address} needs dask, which is not installed here: {EXTRA}") from err
    try:
        url = urlsplit(address)
        if url.scheme not in ("tcp", "tls") or url.hostname is None or url.port is None:
            raise ValueError("not an address")
        socket.create_connection((url.hostname, url.port), timeout=ANSWER_WITHIN).close()
        return distributed.Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as err:
        raise ClusterError(
            f"no dask scheduler answers at {address!r}; give one such as tcp://host:8786, or leave it out to use "
            "this machine"
        ) from err


def _at_worker(task: Callable[[Shard], Any], shard: Shard) -> Any:
    """Run a task on a worker; if the worker cannot see the shard, name the worker."""
    try:
        return task(shard)
    except DumpMissing as err:
        worker = import_module("distributed").get_worker()
        raise DumpMissing(
            f"the worker at {worker.address} sees no file at {shard.path}; "
            "workers open shards by path, so mount the folder there under the same path"
        ) from err
