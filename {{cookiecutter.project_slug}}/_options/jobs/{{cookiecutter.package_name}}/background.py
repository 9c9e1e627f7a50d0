"""The list of the jobs that workers run."""

from typing import Any

# {% if "recovery" in cookiecutter.__facts %}
from .accounts.email_jobs import send_confirmation, send_password_reset
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
from .accounts.jobs import delete_expired_logins
# {% endif %}
from .jobs.cleanup import delete_finished_jobs
from .jobs.functions import JobFunction
# {% if "mail" in cookiecutter.__facts %}
from .mail.jobs import send_mail
# {% endif %}

JOBS: list[JobFunction[Any]] = [
    # {% if "accounts" in cookiecutter.__facts %}
    delete_expired_logins,
    # {% endif %}
    delete_finished_jobs,
    # {% if "mail" in cookiecutter.__facts %}
    send_mail,
    # {% endif %}
    # {% if "recovery" in cookiecutter.__facts %}
    send_confirmation,
    send_password_reset,
    # {% endif %}
]
