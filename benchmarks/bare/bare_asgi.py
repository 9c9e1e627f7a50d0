# mypy: ignore-errors
"""FastAPI with nothing around it: one route of its own, and the project's routes below /api/v1."""

from fastapi import FastAPI
from my_service import api
from my_service.config import Settings
from my_service.web import dependencies

app = FastAPI()


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


dependencies.init_app(app, Settings())
app.include_router(api.router)
