"""Jobs that send tokens. A request enqueues one for any address: only the job finds out if there is an account."""

from uuid import UUID

from ..jobs.functions import job
from ..jobs.runs import Run
from ..mail.delivery import deliver
from ..mail.jobs import TIME_LIMIT
from ..mail.messages import make_message
from ..observability.audit_log import log_event
from . import email_service, service
from .email_models import Purpose
from .models import User

# {% if "recovery_pages" in cookiecutter.__facts %}
# The page removes it from its URL.
PARAMETER = "?token="
# {% endif %}
# {% if "recovery_pages" not in cookiecutter.__facts %}
# As the fragment of a URL, a token is in no log of a server and in no Referer header.
PARAMETER = "#token="
# {% endif %}


@job(time_limit=TIME_LIMIT)
def send_password_reset(run: Run, email: str) -> None:
    """Send a token that resets the password of the account of an address, if there is one."""
    with run.database.begin() as session:
        user = service.find(session, email)
        if user is None or not user.is_active:
            return
        token = email_service.issue_token(session, user, Purpose.RESET, email)
        log_event("password reset requested", user_id=user.id)
    send_token(run, email, "Reset your password", "reset_password", token)


@job(time_limit=TIME_LIMIT)
def send_confirmation(run: Run, user_id: UUID, email: str) -> None:
    """Send a token to an address, which confirms it; send nothing if another account has the address."""
    with run.database.begin() as session:
        user = session.get(User, user_id)
        owner = service.find(session, email)
        if user is None or not user.is_active or owner not in (None, user):
            return
        token = email_service.issue_token(session, user, Purpose.CONFIRM, email)
        log_event("confirmation requested", user_id=user.id)
    send_token(run, email, "Confirm your e-mail address", "confirm_email", token)


def send_token(run: Run, to: str, subject: str, template: str, token: str) -> None:
    """Send a token in a link."""
    link = f"{run.settings.client_url}/{template.replace('_', '-')}{PARAMETER}{token}"
    path = f"accounts/templates/{template}"
    deliver(run.settings, make_message(run.settings, run.id, to, subject, path, link=link))
