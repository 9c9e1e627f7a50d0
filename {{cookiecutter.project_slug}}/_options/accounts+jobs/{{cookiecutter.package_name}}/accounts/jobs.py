"""Jobs of accounts."""

from datetime import timedelta

from ..jobs.functions import job
from ..jobs.runs import Run
from . import service

# Logins that one transaction deletes; each may have some thousand refresh tokens.
BATCH = 100


@job(every=timedelta(days=1))
def delete_expired_logins(run: Run) -> None:
    """Delete expired logins and their refresh tokens, in short transactions."""
    deleted = BATCH
    while deleted == BATCH:
        with run.database.begin() as session:
            deleted = service.delete_expired_logins(session, BATCH)
