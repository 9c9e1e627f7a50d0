# mypy: ignore-errors
"""What FastAPI itself costs: two routes that answer what the project answers. Served in the project's environment."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/about")
async def about() -> dict[str, str]:
    return {"name": "My Service", "version": "0.1.0", "environment": "production"}
