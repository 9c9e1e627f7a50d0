"""An SMTP server in a thread."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
USER, PASSWORD = "user@example.com", "p@ss/word"


class Mailbox:
    """The messages that a server has accepted, and its replies to recipients and messages."""

    def __init__(self, recipient: str = "250 OK", message: str = "250 OK") -> None:
        self.recipient_reply, self.message_reply = recipient, message
        self.port = 0
        self.envelopes: list[Envelope] = []
        self.logins: list[str] = []

    @property
    def messages(self) -> list[EmailMessage]:
        """Return the parsed messages."""
        return [parse(each.content) for each in self.envelopes]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return self.message_reply

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        is_correct = data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_correct, handled=False)


def parse(content: object) -> EmailMessage:
    """Return a message that a server has received."""
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def serving(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[Mailbox]:
    """Serve a mailbox, and set its port; logins require encryption."""

    def make_protocol() -> SMTP:
        return SMTP(
            mailbox,
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=mailbox.authenticate,
            # It does not know that the connection is encrypted from the beginning.
            auth_require_tls=tls is None,
        )

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    create = loop.create_server(make_protocol, HOST, 0, ssl=tls)
    server = asyncio.run_coroutine_threadsafe(create, loop).result()
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(shut_down(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def shut_down(server: asyncio.Server) -> None:
    """Close a server, and cancel the dialogues that are not finished."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
