"""The list of routers under /api/v1."""

from fastapi import APIRouter

from .about.router import router as about

router = APIRouter(prefix="/api/v1")

router.include_router(about)
