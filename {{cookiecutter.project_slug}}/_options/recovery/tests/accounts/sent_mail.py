"""Messages that jobs have sent: files in a folder."""

import re
from pathlib import Path

from pydantic import SecretStr

from {{ cookiecutter.package_name }}.background import JOBS
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.jobs.worker import Worker

CLIENT = "https://app.example.com"


def with_mail(settings: Settings, database_url: SecretStr, folder: Path) -> Settings:
    """Return settings with a database, and a folder for messages."""
    changes = {
        "database_url": database_url,
        "mail_url": SecretStr(f"file:{folder}"),
        "client_url": CLIENT,
    }
    return settings.model_copy(update=changes)


class Post:
    """The messages that jobs have sent: files, read once."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    def messages(self) -> list[str]:
        """Run the due jobs, and return the new messages."""
        Worker(self.settings, JOBS).drain()
        paths = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        texts = [path.read_text() for path in paths]
        for path in paths:
            path.unlink()
        return texts

    def recipients(self) -> list[str]:
        """Run the due jobs, and return the recipients and subjects of the new messages."""
        found = [re.search(r"^To: (.*)\nSubject: (.*)$", text, re.M) for text in self.messages()]
        return [" ".join(each.groups()) for each in found if each]

    def link(self) -> str:
        """Run the due jobs, and return the link of the last message."""
        found = re.search(rf"^{CLIENT}(/\S+)$", self.messages()[-1], re.M)
        assert found
        return found[1]

    def token(self, page: str = "confirm-email") -> str:
        """Run the due jobs, and return the token of the last message."""
        found = re.fullmatch(rf"/{page}[#?]token=([\w-]+)", self.link())
        assert found
        assert len(found[1]) == 43, "256 bits"
        return found[1]
