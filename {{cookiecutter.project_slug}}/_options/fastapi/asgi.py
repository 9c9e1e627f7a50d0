"""The gateway for ASGI servers: `uvicorn asgi:app`."""

from {{ cookiecutter.package_name }} import create_app

app = create_app()
