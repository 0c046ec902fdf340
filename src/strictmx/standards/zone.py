"""DNS records as people paste them: zone file, nsupdate, Terraform.

Pure. What the records say is for `sts`, `tlsrpt` and `dane`; this module only writes them (RFC 1035 section 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from strictmx.standards.names import Name

TTL = 3_600  # seconds; long enough for caches, short enough to mend a slip within the hour
STRING_OCTETS = 255  # RFC 1035 section 3.3: a character-string of a TXT record


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record: owner name (no trailing dot), type, and value in presentation form; TXT unquoted and whole."""

    name: Name
    type: str
    value: str
    ttl: int = TTL

    @property
    def rdata(self) -> str:
        """The value as a zone file holds it: TXT quoted, in strings of at most 255 octets."""
        if self.type != "TXT":
            return self.value
        parts = [self.value[at : at + STRING_OCTETS] for at in range(0, len(self.value), STRING_OCTETS)] or [""]
        return " ".join('"' + re.sub(r'(["\\])', r"\\\1", part) + '"' for part in parts)

    def to_json(self) -> dict[str, object]:
        """The record as every JSON of ours writes it; its name is absolute, a TXT value whole."""
        return {"name": f"{self.name}.", "type": self.type, "ttl": self.ttl, "value": self.value}


def as_zone(records: Sequence[DnsRecord]) -> str:
    """Lines of a zone file, names absolute."""
    width = max((len(record.name) for record in records), default=0) + 1
    return "".join(f"{record.name + '.':<{width}} {record.ttl} IN {record.type} {record.rdata}\n" for record in records)


_HOST_TYPES = ("A", "AAAA", "CNAME")


def as_nsupdate(records: Sequence[DnsRecord]) -> str:
    """A script for nsupdate that replaces each record set as a whole (RFC 2136).

    TLSA records are added beside those of the key in use, which must stay until the new key is deployed (DANE-32).
    """
    lines: list[str] = []
    deleted: set[tuple[Name, str]] = set()  # updates apply in order: a set is cleared once, before its first record
    for name, kind in dict.fromkeys((record.name, record.type) for record in records):
        if kind == "TLSA":
            lines.append(f"; other TLSA records of {name} stay: remove them two TTLs after the new key is in use")
        else:
            replaced = _HOST_TYPES if kind in _HOST_TYPES else (kind,)  # an alias and addresses exclude each other
            lines += [f"update delete {name}. {old}" for old in replaced if (name, old) not in deleted]
            deleted.update((name, old) for old in replaced)
        lines += [
            f"update add {record.name}. {record.ttl} {record.type} {record.rdata}"
            for record in records
            if (record.name, record.type) == (name, kind)
        ]
    return "".join(f"{line}\n" for line in [*lines, "send"])


_TERRAFORM = {  # type → resource of the provider hashicorp/dns, the attribute, and whether it is a list
    "TXT": ("dns_txt_record_set", "txt", True),
    "A": ("dns_a_record_set", "addresses", True),
    "AAAA": ("dns_aaaa_record_set", "addresses", True),
    "CNAME": ("dns_cname_record", "cname", False),
}


def as_terraform(records: Sequence[DnsRecord], zone: Name) -> str:
    """Resources of the provider hashicorp/dns (RFC 2136), which needs no particular DNS company.

    zone: the zone that holds the records. A type that the provider does not know becomes a comment.
    """
    blocks: list[str] = []
    for name, kind in dict.fromkeys((record.name, record.type) for record in records):
        group = [record for record in records if (record.name, record.type) == (name, kind)]
        if kind not in _TERRAFORM:
            blocks += [f"# no resource for {kind}: {record.name}. IN {kind} {record.rdata}\n" for record in group]
            continue
        resource, attribute, many = _TERRAFORM[kind]
        values = ", ".join(_quoted(record.value) for record in group)
        label = re.sub(r"[^A-Za-z0-9_]", "_", f"{name}_{kind}".lower()).lstrip("_")
        owner = name.removesuffix(zone).removesuffix(".")
        blocks.append(
            f'resource "{resource}" "{label}" {{\n'
            f'  zone = "{zone}."\n'
            + (f'  name = "{owner}"\n' if owner else "")
            + f"  {attribute} = {f'[{values}]' if many else values}\n"
            f"  ttl = {group[0].ttl}\n"
            "}\n"
        )
    return "\n".join(blocks)


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", value).replace("${", "$${").replace("%{", "%%{") + '"'
