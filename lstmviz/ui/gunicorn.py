"""A worker of gunicorn that is the front of ``lstmviz serve``, so that slow and silent visitors take no thread there.

``gunicorn --worker-class lstmviz.ui.gunicorn.Worker 'lstmviz.ui.serve:server_from_environment()'``: gunicorn starts,
watches and replaces the processes; each reads requests and sends answers on one thread, as waitress does.
"""

from __future__ import annotations

import os
from pathlib import Path

from gunicorn.workers.base import Worker as BaseWorker

from lstmviz.ui.front import THREADS, front
from lstmviz.ui.tls import tls_context

LOOK_EVERY = 1.0  # seconds between two signs of life


class Worker(BaseWorker):  # type: ignore[misc]
    """One process of a server; it has at least as many threads as ``lstmviz serve``, whatever ``--threads`` says."""

    def run(self) -> None:
        """Answer until gunicorn ends this process."""
        cert, key = self.cfg.certfile, self.cfg.keyfile
        tls = tls_context(Path(cert), Path(key) if key else None) if cert else None
        refuse = self.wsgi.extensions["lstmviz"].refusal
        threads = max(THREADS, self.cfg.threads)
        servers = [front(self.wsgi, listener.sock, refuse, tls, threads) for listener in self.sockets]
        asyncore, connections = servers[0].asyncore, servers[0]._map
        for other in servers[1:]:
            connections.update(other._map)
            other._map = connections
        try:
            while self.alive and self.ppid == os.getppid():
                self.notify()
                asyncore.loop(timeout=LOOK_EVERY, use_poll=True, map=connections, count=1)
        finally:
            for server in servers:
                server.task_dispatcher.shutdown(timeout=min(5, self.cfg.graceful_timeout))
            asyncore.close_all(connections)
