"""What each certificate of a path may be used for: the constraints of RFC 5280 section 6.1 (TLS-04).

Pure; every broken rule is told, not only the first. Dates, names and strength are `certificates`.
Chosen as OpenSSL does. It is laxer than the text where mail servers have such certificates and senders take them: a CA
without keyUsage, a version 1 root, a leaf that says it is a CA. It is stricter where
anyExtendedKeyUsage alone does not allow serverAuth, and where an authority key identifier names another key than the
issuer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from strictmx.standards.chain import Budget, Certificate, NameKey, folded, issuer_key_fits

NAME_COMPARISONS = 16_384  # names times subtrees of one constraint; OpenSSL stops at 2 to the 20th

_SERVER_USES = frozenset(  # serverAuth, and the two forms of "server gated cryptography" that old CAs wrote instead
    {ExtendedKeyUsageOID.SERVER_AUTH.dotted_string, "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"}
)
_UNDERSTOOD = frozenset(  # extensions that may be critical: the list that OpenSSL's verification knows
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.OCSP_NO_CHECK,
        x509.ObjectIdentifier("2.16.840.1.113730.1.1"),  # Netscape certificate type
        x509.ObjectIdentifier("1.3.6.1.5.5.7.1.7"),  # RFC 3779: addresses
        x509.ObjectIdentifier("1.3.6.1.5.5.7.1.8"),  # RFC 3779: autonomous systems
    }
)


@dataclass(frozen=True, slots=True)
class _Directory:
    """A distinguished name, folded once for all comparisons."""

    key: NameKey
    value: x509.Name


_Comparand = x509.GeneralName | _Directory
_COMPARABLE = (x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier, x509.IPAddress, _Directory)


def broken(path: Sequence[Certificate], budget: Budget) -> Iterator[tuple[int, str]]:
    """Each rule that the path breaks: the index of the certificate at fault, and one clause that says how.

    path: the leaf first, every certificate signed by the next. budget: what may be spent on comparing names.
    """
    for index, certificate in enumerate(path):
        rules = _of_any(certificate) + (_of_ca(certificate) if index else _of_leaf(certificate))
        for clause in rules:
            yield index, clause
    yield from _path_lengths(path)
    for index in range(len(path) - 1):
        if not issuer_key_fits(path[index], path[index + 1]):
            yield index, "its authority key identifier names another key than that of its issuer"
    for index in range(1, len(path)):
        yield from _name_constraints(path, index, budget)


def _of_any(certificate: Certificate) -> list[str]:
    if certificate.extensions is None:
        return []  # told as UNREADABLE
    clauses = [
        f"it has the critical extension {extension.oid.dotted_string[:80]}, which clients do not know"
        for extension in certificate.extensions
        if extension.critical and extension.oid not in _UNDERSTOOD
    ]
    uses = certificate.extension(x509.ExtendedKeyUsage)
    if uses is not None and not any(use.dotted_string in _SERVER_USES for use in uses):
        clauses.append("its extended key usage does not allow TLS servers (serverAuth)")
    return clauses


def _of_leaf(certificate: Certificate) -> list[str]:
    usage = certificate.extension(x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.key_encipherment or usage.key_agreement):
        return ["its key usage does not allow TLS (digitalSignature)"]
    return []


def _of_ca(certificate: Certificate) -> list[str]:
    if certificate.extensions is None:
        return []
    usage = certificate.extension(x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return ["its key usage does not allow signing certificates (keyCertSign)"]
    basic = certificate.extension(x509.BasicConstraints)
    if basic is None:
        version_1_root = certificate.x509.version is x509.Version.v1 and certificate.self_issued
        return [] if version_1_root else ["it is no CA: it has no basicConstraints"]
    return [] if basic.ca else ["it is no CA: its basicConstraints say so"]


def _path_lengths(path: Sequence[Certificate]) -> Iterator[tuple[int, str]]:
    between = 0  # intermediate certificates below, self-issued ones not counted (RFC 5280 section 4.2.1.9)
    for index, certificate in enumerate(path):
        if not index:
            continue
        basic = certificate.extension(x509.BasicConstraints)
        if basic is not None and basic.path_length is not None and between > basic.path_length:
            yield (
                index,
                f"it allows {basic.path_length} further CA below it (pathLenConstraint), the path has {between}",
            )
        between += not certificate.self_issued


def _name_constraints(path: Sequence[Certificate], index: int, budget: Budget) -> Iterator[tuple[int, str]]:
    """Where the name constraints of `path[index]` are broken by a certificate below it (RFC 5280 section 4.2.1.10)."""
    issuer = path[index]
    constraints = issuer.extension(x509.NameConstraints)
    if constraints is None:
        return
    for below, certificate in enumerate(path[:index]):
        if below and certificate.self_issued:
            continue
        pair = (certificate.der, issuer.der, not below)
        if pair not in budget.compared:
            budget.compared[pair] = _compared(certificate, issuer, constraints, budget, leaf=not below)
        if budget.compared[pair]:
            yield below, budget.compared[pair]


def _compared(
    certificate: Certificate, issuer: Certificate, constraints: x509.NameConstraints, budget: Budget, *, leaf: bool
) -> str:
    """How the certificate breaks the constraints, in a clause; empty when it keeps them."""
    permitted, excluded = constraints.permitted_subtrees or (), constraints.excluded_subtrees or ()
    names = _names(certificate, leaf=leaf)
    comparisons = len(names) * (len(permitted) + len(excluded))
    if comparisons > min(NAME_COMPARISONS, budget.comparisons):
        return "it has more names than clients hold against the name constraints of its issuer"
    budget.comparisons -= comparisons
    inside, outside = _folded(permitted), _folded(excluded)
    for name in _folded(names):
        if _forbidden(name, inside, outside):
            return f"the name constraints of {issuer.subject_text} forbid the name {_shown(name)}"
    return ""


def _folded(names: Iterable[x509.GeneralName]) -> list[_Comparand]:
    return [
        _Directory(folded(name.value), name.value) if isinstance(name, x509.DirectoryName) else name for name in names
    ]


def _forbidden(name: _Comparand, permitted: Sequence[_Comparand], excluded: Sequence[_Comparand]) -> bool:
    """Whether the constraints shut the name out; they speak only of kinds of names that they hold."""
    inside = [base for base in permitted if type(base) is type(name)]
    outside = [base for base in excluded if type(base) is type(name)]
    if not isinstance(name, _COMPARABLE):
        return bool(inside or outside)  # a kind that nobody can compare: OpenSSL refuses too
    if inside and not any(_within(name, base) for base in inside):
        return True
    return any(_within(name, base) for base in outside)


def _names(certificate: Certificate, *, leaf: bool) -> list[x509.GeneralName]:
    """The names that constraints speak of: the subject, its mail addresses, the alternative names, a leaf's CN last."""
    subject = certificate.x509.subject
    names: list[x509.GeneralName] = [x509.DirectoryName(subject)] if subject.rdns else []
    alternative = certificate.extension(x509.SubjectAlternativeName)
    names.extend(alternative or ())
    for part in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        names += _made(x509.RFC822Name, part.value)
    if leaf and not certificate.dns_ids and "." in certificate.common_name and " " not in certificate.common_name:
        names += _made(x509.DNSName, certificate.common_name)  # DANE-17 lets it count; OpenSSL holds it too
    return names


def _made(kind: type[x509.RFC822Name | x509.DNSName], value: str | bytes) -> list[x509.GeneralName]:
    try:
        return [kind(str(value))]
    except ValueError:  # not ASCII: no name that a constraint could speak of
        return []


def _within(name: _Comparand, base: _Comparand) -> bool:
    """Whether the name lies in the subtree; both are of one kind, one of _COMPARABLE."""
    match name, base:
        case x509.DNSName(), x509.DNSName():
            return _dns_within(name.value, base.value)
        case x509.RFC822Name(), x509.RFC822Name():
            return _mail_within(name.value, base.value)
        case x509.UniformResourceIdentifier(), x509.UniformResourceIdentifier():
            return _host_within(_uri_host(name.value), base.value)
        case x509.IPAddress(), x509.IPAddress():
            return _address_within(name.value, base.value)
        case _Directory(), _Directory():
            return name.key[: len(base.key)] == base.key
        case _:
            return False


def _dns_within(name: str, base: str) -> bool:
    name, base = name.lower(), base.lower()
    return not base or name == base or name.endswith(base if base.startswith(".") else f".{base}")


def _host_within(host: str, base: str) -> bool:
    """RFC 5280 section 4.2.1.10: with a leading dot the hosts below it, else that host alone."""
    host, base = host.lower(), base.lower()
    return host.endswith(base) if base.startswith(".") else host == base


def _mail_within(address: str, base: str) -> bool:
    local, at, host = address.rpartition("@")
    base_local, base_at, base_host = base.rpartition("@")
    if base_at:
        return bool(at) and local == base_local and host.lower() == base_host.lower()
    return not base or _host_within(host, base)


def _uri_host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _address_within(
    address: IPv4Address | IPv6Address | IPv4Network | IPv6Network,
    network: IPv4Address | IPv6Address | IPv4Network | IPv6Network,
) -> bool:
    if isinstance(address, IPv4Address | IPv6Address) and isinstance(network, IPv4Network | IPv6Network):
        return address.version == network.version and address in network
    return False


def _shown(name: _Comparand) -> str:
    value = name.value
    return str(value.rfc4514_string() if isinstance(value, x509.Name) else value)[:80]
