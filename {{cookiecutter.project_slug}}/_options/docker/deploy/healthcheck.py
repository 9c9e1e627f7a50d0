"""Exit with status 0 if the service in this container responds."""

import os
from http.client import HTTPConnection

# `*.example.com` allows example.com too.
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().removeprefix("*.")
connection = HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=4)
connection.request("GET", "/livez", headers={"Host": host})
raise SystemExit(connection.getresponse().status != 200)
