"""Sample posts for development: `python -m {{ cookiecutter.package_name }} db seed --rows 1000`."""

import re
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import click
from sqlalchemy import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from ..database.base import now
from ..database.commands import migrated_engine
from ..observability.audit_log import log_event
from .models import Post
from .sample_owners import get_owners

BATCH = 1000
DAY = 24 * 3600
TOPICS = ["bread", "gardens", "maps", "old radios", "rivers", "sailing", "trains", "winter"]
OPENINGS = ["A beginner's guide to", "What to know about", "Notes on", "In praise of"]
SENTENCES = [
    "It took longer than expected, and was worth it.",
    "Most of it is patience.",
    "Three things went wrong before one went right.",
    "Ask ten people and you will hear eleven answers.",
    "The best part came last, as it does.",
    "Bring a notebook.",
]


@click.command()
@click.option("--rows", default=100, show_default=True, type=click.IntRange(1))
def seed(rows: int) -> None:
    """Insert sample posts for development."""
    random = Random()  # noqa: S311  # no secret
    with migrated_engine() as engine:
        with Session(engine) as session, session.begin():
            owners, note = get_owners(session)
        with click.progressbar(length=rows, label="posts") as progress:
            for start in range(0, rows, BATCH):
                size = min(BATCH, rows - start)
                with engine.begin() as connection:
                    posts = [make_post(random, owners) for _ in range(size)]
                    connection.execute(insert(Post), posts)
                progress.update(size)
    log_event("posts seeded", rows=rows)
    click.echo(f"{rows} posts were written. {note}".rstrip())


def make_post(random: Random, owners: Sequence[str]) -> dict[str, Any]:
    """Return a random post of the last year; three of four are published."""
    post_id = uuid7()
    title = f"{random.choice(OPENINGS)} {random.choice(TOPICS)}"
    created_at = now() - timedelta(seconds=random.randrange(2 * DAY, 365 * DAY))
    published_at = created_at + timedelta(hours=random.randrange(1, 48))
    return {
        "id": post_id,
        "slug": f"{re.sub(r'[^a-z]+', '-', title.lower())}-{post_id.hex}",
        "title": title,
        "body": "\n\n".join(
            " ".join(random.choices(SENTENCES, k=5)) for _ in range(random.randrange(1, 6))
        ),
        "owner": random.choice(owners),
        "published_at": published_at if random.random() < 0.75 else None,
        "created_at": created_at,
        "updated_at": max(created_at, published_at),
        "version": 1,
    }
