"""gunicorn's configuration: `gunicorn --config python:privacy_portal.serving.web_server privacy_portal.wsgi`."""

import os

bind = [f"{os.environ.get('BIND_ADDRESS', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"]

# Processes are not preloaded: each makes its own pool of database connections after it began.
preload_app = False
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 4
timeout = 60
graceful_timeout = 10
keepalive = 5

# Addresses of proxies whose word on the scheme is taken. None unless the installation names its own.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "")

# Requests are not logged: their addresses and query strings may hold personal values.
accesslog = None
loglevel = "warning"
control_socket_disable = True
