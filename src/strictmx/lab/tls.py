"""The lab's TLS contexts: a certificate as the authority issues it, shown by a server with given TLS versions."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from weakref import WeakKeyDictionary

from strictmx.lab.authority import Authority, Issued
from strictmx.lab.model import Certificate, Tls

_EVERY_CIPHER = "ALL:@SECLEVEL=0"  # weak keys and old protocols are what some hosts of the lab show
_VERSIONS = {
    Tls.ONLY_1_1: (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1),
    Tls.ONLY_1_2: (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
    Tls.ONLY_1_3: (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
}
_MODERN = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.MAXIMUM_SUPPORTED)


class Contexts:
    """Makes each certificate and context once, when it is first needed; keeps the certificates in `directory`."""

    def __init__(self, authority: Authority, directory: Path) -> None:
        self.authority = authority
        self._directory = directory
        self._issued: dict[tuple[str, Certificate], Issued] = {}
        self._files: dict[tuple[str, Certificate], Path] = {}
        self._contexts: dict[tuple[str, Certificate, Tls], ssl.SSLContext] = {}
        self._server_names: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()

    def issued(self, host: str, certificate: Certificate) -> Issued:
        """The certificate that `host` shows, always the same one for the same description."""
        key = (host, certificate)
        if key not in self._issued:
            self._issued[key] = self.authority.issue(host, certificate)
        return self._issued[key]

    def pem(self, host: str, certificate: Certificate) -> Path:
        """The file that holds key and chain of a certificate."""
        key = (host, certificate)
        if key not in self._files:
            earlier = sum(1 for other, _ in self._files if other == host)
            path = self._directory / (f"{host}-{earlier + 1}.pem" if earlier else f"{host}.pem")
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(self.issued(host, certificate).pem())
            self._files[key] = path
        return self._files[key]

    def context(self, host: str, certificate: Certificate, tls: Tls) -> ssl.SSLContext:
        """A server context that shows the certificate and remembers the server name that clients send."""
        key = (host, certificate, tls)
        if key not in self._contexts:
            context = self._new(tls)
            context.load_cert_chain(self.pem(host, certificate))
            context.sni_callback = self._remember
            self._contexts[key] = context
        return self._contexts[key]

    def by_name(self, host: str, certificates: tuple[Certificate, ...], tls: Tls) -> ssl.SSLContext:
        """A server context that shows the certificate whose first name the client asks for, else the first one."""
        chosen = {name: self.context(host, each, tls) for each in certificates for name in each.names or (host,)}
        context = self._new(tls)
        context.load_cert_chain(self.pem(host, certificates[0]))

        def choose(ssl_object: ssl.SSLObject, server_name: str | None, offered: ssl.SSLContext) -> None:
            self._remember(ssl_object, server_name, offered)
            ssl_object.context = chosen.get((server_name or "").lower(), offered)

        context.sni_callback = choose
        return context

    def shared(self, sites: dict[str, Certificate]) -> ssl.SSLContext:
        """A server context for many hosts: the certificate of the name asked for, and an alert for any other name."""
        context = self._new(Tls.MODERN)

        def choose(ssl_object: ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> int | None:
            host = (server_name or "").lower()
            if host not in sites:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            ssl_object.context = self.context(host, sites[host], Tls.MODERN)
            return None

        context.sni_callback = choose
        return context

    def server_name(self, ssl_object: ssl.SSLObject) -> str:
        """The server name that a client sent (RFC 6066 section 3); empty for none."""
        return self._server_names.get(ssl_object, "")

    def _remember(self, ssl_object: ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> None:
        self._server_names[ssl_object] = server_name or ""

    def _new(self, tls: Tls) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(_EVERY_CIPHER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is what the host shows
            context.minimum_version, context.maximum_version = _VERSIONS.get(tls, _MODERN)
        if tls is Tls.CLIENT_CERTIFICATE:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(cadata=self.authority.trust().decode("ascii"))
        return context
