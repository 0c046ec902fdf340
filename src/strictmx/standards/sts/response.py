"""Where the policy is fetched, and which response is one (RFC 8461 section 3.3)."""

from __future__ import annotations

from enum import Enum

from strictmx.standards.names import Name

POLICY_BYTES = 65_536  # STS-48: RFC 8461 section 3.3 suggests 64 KB; reading stops there
POLICY_PATH = "/.well-known/mta-sts.txt"  # RFC 8461 section 3.3
HOST_LABEL = "mta-sts"


class ResponseFault(Enum):
    """Why a whole response makes no policy (STS-44, STS-45, STS-47, DEC-28)."""

    STATUS = "status"
    REDIRECT = "redirect"
    MEDIA_TYPE = "media-type"
    CONTENT_ENCODING = "content-encoding"


_REDIRECTS = frozenset({301, 302, 303, 307, 308})  # 300 and 304 name no place to go to


def response_fault(status: int, media_type: str | None, content_encoding: str | None) -> ResponseFault | None:
    """The first reason why a response is no policy, by status, Content-Type and Content-Encoding; None for a good one.

    Only 200 counts, nothing is followed (RFC 8461 section 3.3); the media type is text/plain with any parameter.
    """
    if status in _REDIRECTS:
        return ResponseFault.REDIRECT
    if status != 200:  # noqa: PLR2004 - the one status that RFC 8461 section 3.3 accepts
        return ResponseFault.STATUS
    if media_type is None or media_type.partition(";")[0].strip().lower() != "text/plain":
        return ResponseFault.MEDIA_TYPE
    if content_encoding is not None and content_encoding.strip().lower() not in ("", "identity"):
        return ResponseFault.CONTENT_ENCODING
    return None


def policy_host(domain: Name) -> Name:
    """The host that serves the policy of a domain, also where it is a CNAME (STS-40, STS-42)."""
    return domain.below(HOST_LABEL)
