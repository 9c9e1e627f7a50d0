"""Settings of the database."""

from pydantic import Field

from .engine_settings import EngineSettings


class DatabaseSettings(EngineSettings):
    """Settings of the connections to the database."""

    database_pool_size: int = Field(
        10, ge=1, description="connections that each worker keeps, besides one for /readyz"
    )
    database_pool_timeout: float = Field(
        5, gt=0, description="seconds that a request waits for a connection"
    )
    database_lock_timeout: float = Field(
        5, gt=0, description="seconds that a statement waits for a lock"
    )
    database_statement_timeout: float = Field(
        10, gt=0, description="seconds that a statement may take"
    )
