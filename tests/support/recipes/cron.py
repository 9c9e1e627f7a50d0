# mypy: ignore-errors
"""The schedule of the recipe: its slots begin at the times of a cron expression."""

from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSimError
from my_service.calendar.cron import cron
from my_service.calendar.jobs import begin_day
from my_service.jobs.schedules import slot_of

MINUTE = timedelta(minutes=1)
# 08:30 in Berlin, on a Friday in winter.
FRIDAY = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)


def test_slot_begins_at_the_time_and_lasts_an_hour():
    slots = [begin_day.every(FRIDAY + late) for late in (-MINUTE / 60, MINUTE * 0, 59 * MINUTE, 60 * MINUTE)]

    assert slots == [None, FRIDAY, FRIDAY, None]
    assert slot_of(begin_day, FRIDAY) == slot_of(begin_day, FRIDAY + MINUTE)
    assert slot_of(begin_day, FRIDAY + timedelta(days=1)) is None


def test_time_zone_has_its_summer_time():
    assert begin_day.every(datetime(2026, 7, 31, 6, 30, tzinfo=UTC)) is not None
    assert begin_day.every(datetime(2026, 7, 31, 7, 30, tzinfo=UTC)) is None


def test_invalid_expression_is_rejected_at_once():
    with pytest.raises(CronSimError):
        cron("61 * * * *")


def test_job_runs(caplog):
    caplog.set_level("INFO")
    begin_day(None)
    assert "good morning" in caplog.text
