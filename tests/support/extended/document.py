"""Print the OpenAPI document of the extended application, without a server."""

import json
from importlib import import_module
from typing import Any

app: Any = import_module("extended").app
is_asgi = hasattr(app, "openapi")
print(json.dumps(app.openapi() if is_asgi else app.test_client().get("/openapi.json").get_json()))
