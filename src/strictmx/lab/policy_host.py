"""The lab's policy hosts: HTTPS servers that answer the request for a policy in the ways that the field knows.

Written by hand over asyncio streams, since most of what is shown here is what no HTTP library would send.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from strictmx.lab.journal import Journal, Request
from strictmx.lab.model import Http
from strictmx.standards.sts import POLICY_PATH

HEAD_OCTETS = 16_384  # a request line and its headers; more is no policy request
DRIP_SECONDS = 1.0  # between two octets of a dripping host
CHUNK_OCTETS = 24  # small, so that even a short policy takes several chunks
MOVED_PATH = "/elsewhere/mta-sts.txt"  # where the redirecting host really serves its policy

_GARBAGE = bytes(range(256)) * 8 + b"\r\n\r\n"


@dataclass(slots=True)
class Site:
    """One policy host: how it answers, and the file, which may be exchanged while it runs."""

    http: Http
    policy: bytes


class PolicyServer:
    """Serves the sites of one address, chosen by the Host header."""

    def __init__(self, sites: dict[str, Site], journal: Journal) -> None:
        self._sites = sites
        self._journal = journal

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; every host of the lab closes afterwards."""
        request = _parse(await reader.readuntil(b"\r\n\r\n"))
        self._journal.requests.append(request)
        site = self._sites.get(request.host)
        if site is None:
            writer.write(_response(b"no such host here\n", status=HTTPStatus.MISDIRECTED_REQUEST))
        elif site.http is Http.REDIRECT and request.path == MOVED_PATH:
            writer.write(_response(site.policy))
        elif request.path != POLICY_PATH or request.method != "GET":
            writer.write(_response(b"not found\n", status=HTTPStatus.NOT_FOUND))
        else:
            await _answer(writer, reader, site, request.host)
        await writer.drain()
        if site is not None and site.http is Http.NO_CLOSE_NOTIFY:
            writer.transport.abort()


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Wait for the first octets of a handshake, then close."""
    await reader.read(1)


async def _answer(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, site: Site, host: str) -> None:
    """Send a policy in the way of the site."""
    if site.http is Http.SILENT:
        await reader.read(-1)
    elif site.http is Http.DRIP:
        await _drip(writer, _response(site.policy))
    else:
        writer.write(_octets(site, host))


def _octets(site: Site, host: str) -> bytes:
    """What a site that answers at once sends."""
    match site.http:
        case Http.CHARSET:
            return _response(site.policy, media_type="Text/Plain; charset=iso-8859-1; x=y")
        case Http.CHUNKED:
            pieces = [site.policy[at : at + CHUNK_OCTETS] for at in range(0, len(site.policy), CHUNK_OCTETS)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))
            return _head(HTTPStatus.OK, ("Content-Type: text/plain", "Transfer-Encoding: chunked")) + chunks
        case Http.HTTP_1_0:
            return b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + site.policy
        case Http.NOT_FOUND:
            return _response(b"not found\n", status=HTTPStatus.NOT_FOUND)
        case Http.REDIRECT:
            location = f"Location: https://{host}{MOVED_PATH}"
            return _response(b"moved\n", status=HTTPStatus.MOVED_PERMANENTLY, more=(location,))
        case Http.HTML:
            return _response(site.policy, media_type="text/html")
        case Http.NO_TYPE:
            return _response(site.policy, media_type=None)
        case Http.GARBAGE:
            return _GARBAGE
        case _:
            return _response(site.policy)


async def _drip(writer: asyncio.StreamWriter, response: bytes) -> None:
    """Send the head at once and the body by single octets, until the client has gone or the session is over."""
    head, separator, body = response.partition(b"\r\n\r\n")
    writer.write(head + separator)
    for octet in body:
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


def _response(
    body: bytes,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    media_type: str | None = "text/plain",
    more: tuple[str, ...] = (),
) -> bytes:
    """A whole response with its length; `media_type` None leaves the header out."""
    media = (f"Content-Type: {media_type}",) if media_type is not None else ()
    return _head(status, (*media, f"Content-Length: {len(body)}", *more)) + body


def _head(status: HTTPStatus, headers: tuple[str, ...]) -> bytes:
    date = f"Date: {formatdate(usegmt=True)}"  # RFC 9110 section 6.6.1
    lines = (f"HTTP/1.1 {status.value} {status.phrase}", date, *headers, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1")


def _parse(head: bytes) -> Request:
    """Read a request line and its headers. Raises ValueError: it is none."""
    first, *lines = head[:HEAD_OCTETS].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    fields = [line.partition(":") for line in lines if ":" in line]
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in fields)
    host = dict(headers).get("host", "").partition(":")[0].lower()
    return Request(method, path, host, headers)
