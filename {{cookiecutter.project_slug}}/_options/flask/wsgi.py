"""The gateway for WSGI servers: `gunicorn wsgi:app`, `flask run`."""

from {{ cookiecutter.package_name }} import create_app

app = create_app()
