"""Settings of jobs."""

from pathlib import Path

from pydantic import BaseModel, Field


class JobSettings(BaseModel):
    """Settings of the workers that run jobs."""

    job_threads: int = Field(
        4, ge=1, description="jobs that each process of `worker` runs at the same time"
    )
    job_retention: int = Field(
        31, ge=1, description="days after which the rows of finished jobs are deleted"
    )
    job_heartbeat: Path = Field(
        Path("instance/worker"),
        description="file that a worker touches while it is alive, for `worker --check`",
    )
