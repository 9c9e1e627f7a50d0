"""The job that sends a message."""

from ..jobs.functions import job
from ..jobs.runs import Run
from .delivery import deliver
from .messages import make_message

# Seconds: a dialogue with a server has some ten steps, see TIMEOUT in `delivery`.
TIME_LIMIT = 120


@job(time_limit=TIME_LIMIT)
def send_mail(run: Run, to: str, subject: str, template: str, values: dict[str, str]) -> None:
    """Render a template of the package, and send it to an address.

    Arguments are stored in the table of jobs: a message with a secret needs a job of its own, which creates the secret.
    """
    deliver(run.settings, make_message(run.settings, run.id, to, subject, template, **values))
