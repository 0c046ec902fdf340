"""The lab's MX hosts: SMTP servers with the manners and faults that the field knows, up to taking a whole message.

One object is one address of one host. Written by hand, since most of it is what no mail server should send.
"""

from __future__ import annotations

import asyncio
import ssl

from strictmx.lab.journal import Delivery, Journal, SmtpSession
from strictmx.lab.model import Mail, Smtp, Tls
from strictmx.lab.tls import Contexts

MESSAGE_OCTETS = 10_485_760  # SIZE as announced; a longer message is answered 552
COMMANDS = 1_000  # in one session
SLOW_GREETING_SECONDS = 2.0
MEGABYTE = 1_048_576
LINES_AT_ONCE = 100  # of an endless greeting

_GARBAGE = bytes(range(128, 256)) * 16 + b"\r\n"


class MailHost:
    """One address of an MX host. `session` serves one connection to it."""

    def __init__(self, host: str, address: str, mail: Mail, contexts: Contexts, journal: Journal) -> None:
        self._host = host
        self._address = address
        self._mail = mail
        self._contexts = contexts
        self._journal = journal
        self._context: ssl.SSLContext | None = None

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, then answer commands until the client leaves."""
        session = SmtpSession(self._host, self._address)
        self._journal.sessions.append(session)
        if not await self._greet(reader, writer):
            return
        dialogue = _Dialogue(self, session, reader, writer)
        for _ in range(COMMANDS):
            line = await reader.readline()
            if not line.endswith(b"\n"):
                return
            text = line.decode("latin-1").strip()
            session.commands.append(text)
            if not await dialogue.answer(text):
                return

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send the greeting; whether commands may follow."""
        name = self._host.encode("ascii")
        goes_on = True
        match self._mail.smtp:
            case Smtp.MULTI_LINE_GREETING:
                writer.write(b"220-%b ESMTP\r\n220-No spam, please.\r\n220 Ready.\r\n" % name)
            case Smtp.SLOW_GREETING:
                await asyncio.sleep(SLOW_GREETING_SECONDS)
                writer.write(b"220 %b ESMTP\r\n" % name)
            case Smtp.THROTTLED:
                writer.write(b"421 4.7.0 %b too many connections from your address, try again later\r\n" % name)
                goes_on = False
            case Smtp.REJECTED:
                writer.write(b"554 5.7.1 %b does not talk to you\r\n" % name)
                goes_on = False
            case Smtp.SILENT:
                await reader.read(-1)
                goes_on = False
            case Smtp.ENDLESS_BANNER:
                while True:
                    writer.write(b"220-%b and there is more\r\n" % name * LINES_AT_ONCE)
                    await writer.drain()
                    await asyncio.sleep(0)
            case Smtp.GARBAGE:
                writer.write(_GARBAGE)
                goes_on = False
            case Smtp.MEGABYTE_LINE:
                writer.write(b"220 " + b"x" * MEGABYTE + b"\r\n")
            case _:
                writer.write(b"220 %b ESMTP\r\n" % name)
        await writer.drain()
        return goes_on

    def capabilities(self) -> list[str]:
        """The lines of the EHLO reply before TLS."""
        match self._mail.smtp:
            case Smtp.NO_STARTTLS | Smtp.HELO_ONLY:
                return []
            case Smtp.LOWER_CASE:
                return ["starttls"]
            case _:
                return ["STARTTLS"]

    @property
    def host(self) -> str:
        """The name of the host, as it greets."""
        return self._host

    @property
    def mail(self) -> Mail:
        """What this address does."""
        return self._mail

    def deliver(self, mail_from: str, rcpt_to: tuple[str, ...], content: bytes, tls_version: str) -> None:
        """Keep an accepted message."""
        self._journal.deliveries.append(Delivery(self._host, self._address, mail_from, rcpt_to, content, tls_version))

    async def start_tls(self, writer: asyncio.StreamWriter, session: SmtpSession) -> None:
        """The server's half of the handshake."""
        if self._context is None:
            mail = self._mail
            if mail.by_name:
                certificates = (mail.certificate, *mail.by_name)
                self._context = self._contexts.by_name(self._host, certificates, mail.tls)
            else:
                self._context = self._contexts.context(self._host, mail.certificate, mail.tls)
        await writer.start_tls(self._context)
        ssl_object = writer.get_extra_info("ssl_object")
        session.tls_version = ssl_object.version() or ""
        session.server_name = self._contexts.server_name(ssl_object)


class _Dialogue:
    """The state of one session after its greeting: TLS, envelope."""

    def __init__(
        self, host: MailHost, session: SmtpSession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._host = host
        self._session = session
        self._reader = reader
        self._writer = writer
        self._mail_from: str | None = None
        self._rcpt_to: list[str] = []

    async def answer(self, line: str) -> bool:
        """Answer one command; whether another may follow."""
        verb = line.partition(" ")[0].upper()
        if verb == "STARTTLS":
            return await self._starttls()
        if verb == "DATA" and self._rcpt_to:
            return await self._data()
        reply = self._reply(verb, line)
        self._writer.write(reply.encode("ascii"))
        await self._writer.drain()
        return verb != "QUIT"

    def _reply(self, verb: str, line: str) -> str:
        """The reply to a command that leaves the connection as it is (RFC 5321 section 4.1.1)."""
        match verb:
            case "EHLO" if self._host.mail.smtp is Smtp.HELO_ONLY:
                return "502 5.5.1 EHLO is not known here\r\n"
            case "EHLO":
                offered = [] if self._session.tls_version else self._host.capabilities()
                lines = [self._host.host, "PIPELINING", f"SIZE {MESSAGE_OCTETS}", *offered, "8BITMIME"]
                return "".join(f"250-{each}\r\n" for each in lines[:-1]) + f"250 {lines[-1]}\r\n"
            case "HELO":
                return f"250 {self._host.host}\r\n"
            case "MAIL":
                self._mail_from, self._rcpt_to = _path(line), []
                return "250 2.1.0 Ok\r\n"
            case "RCPT" if self._mail_from is not None:
                self._rcpt_to.append(_path(line))
                return "250 2.1.5 Ok\r\n"
            case "RCPT" | "DATA":
                return "503 5.5.1 MAIL and RCPT come first\r\n"
            case "RSET":
                self._mail_from, self._rcpt_to = None, []
                return "250 2.0.0 Ok\r\n"
            case "NOOP":
                return "250 2.0.0 Ok\r\n"
            case "QUIT":
                return "221 2.0.0 Bye\r\n"
            case _:
                return "500 5.5.2 no such command\r\n"

    async def _starttls(self) -> bool:
        """Answer STARTTLS and make the handshake (RFC 3207 section 4)."""
        mail = self._host.mail
        if self._session.tls_version or not self._host.capabilities():
            self._writer.write(b"503 5.5.1 STARTTLS is not on offer\r\n")
        elif mail.smtp is Smtp.STARTTLS_REFUSED:
            self._writer.write(b"454 4.7.0 TLS is not available for the moment\r\n")
        else:
            injected = b"250 injected in clear\r\n" if mail.smtp is Smtp.INJECTION else b""
            self._writer.write(b"220 2.0.0 Go ahead\r\n" + injected)
            await self._writer.drain()
            if mail.tls is Tls.HANG_UP:
                return False
            await self._host.start_tls(self._writer, self._session)
            self._mail_from, self._rcpt_to = None, []
        await self._writer.drain()
        return True

    async def _data(self) -> bool:
        """Take a message (RFC 5321 section 4.1.1.4)."""
        self._writer.write(b"354 End with a dot on a line of its own\r\n")
        await self._writer.drain()
        lines: list[bytes] = []
        size = 0
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                return False
            size += len(line)
            if size <= MESSAGE_OCTETS:
                lines.append(line.removeprefix(b"."))
        if size > MESSAGE_OCTETS:
            self._writer.write(b"552 5.3.4 the message is too long\r\n")
        else:
            envelope = (self._mail_from or "", tuple(self._rcpt_to))
            self._host.deliver(*envelope, b"".join(lines), self._session.tls_version)
            self._writer.write(b"250 2.0.0 Ok\r\n")
        self._mail_from, self._rcpt_to = None, []
        await self._writer.drain()
        return True


def _path(line: str) -> str:
    """The address of a MAIL or RCPT command: what stands between the angle brackets."""
    return line.partition("<")[2].partition(">")[0]
