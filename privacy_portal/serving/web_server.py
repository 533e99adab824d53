"""gunicorn's configuration: `gunicorn --config python:privacy_portal.serving.web_server privacy_portal.wsgi`."""

import os
import shutil
from typing import Any

from gunicorn.glogging import Logger

from privacy_portal import logs
from privacy_portal.own_database import VAR

bind = [f"{os.environ.get('BIND_ADDRESS', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"]

# Processes are not preloaded: each makes its own pool of database connections after it began.
preload_app = False
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 4
# Told by the worker's heartbeat, not by how long a request takes. One that waits for the database has none yet.
timeout = 60 + int(os.environ.get("DATABASE_WAIT_SECONDS", "30"))
# At SIGTERM no new request is taken, and those in hand have so long to be answered.
graceful_timeout = 10
keepalive = 5

# Addresses of proxies whose word on the scheme is taken. None unless the installation names its own.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "")

# Requests are not logged: their addresses and query strings may hold personal values.
accesslog = None
loglevel = "warning"
control_socket_disable = True


class JsonLogger(Logger):
    """Its own lines as JSON like all others, and without the addresses they name."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter())
            handler.addFilter(logs.WithoutAddresses())


logger_class = JsonLogger

# The processes count together in a folder that /metrics reads. Whoever names one, for the background worker to share,
# empties it before both start.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    shutil.rmtree(VAR / "metrics", ignore_errors=True)
    (VAR / "metrics").mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(VAR / "metrics")


def child_exit(server: Any, worker: Any) -> None:
    """What a process that ended counted stays; what it measured of itself goes."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
