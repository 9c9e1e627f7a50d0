# mypy: ignore-errors
"""What Flask itself costs: two routes that answer what the project answers. Served in the project's environment."""

from flask import Flask

app = Flask(__name__)


@app.get("/livez")
def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/about")
def about() -> dict[str, str]:
    return {"name": "My Service", "version": "0.1.0", "environment": "production"}
