"""docs/json.md: what each verb prints for programs, a sample and a sentence a key."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from strictmx.findings.explain import Explained
from strictmx.findings.finding import Finding
from strictmx.findings.result import CheckResult
from strictmx.roles.doctor import words
from strictmx.roles.doctor.result import Diagnosis
from tools.pages import Missing, printed, table
from tools.pages.commands import helps
from tools.pages.observations import saved

SOURCE = "the docstrings of src/strictmx/findings/result.py, and `SAMPLES` in tools/pages/documents.py"
HEAD = """\
# JSON

What the verbs print for programs.
JSON only ever gains keys, and values of enumerations: ignore those that you do not know ([versions.md](versions.md)).
In the path of a key `[]` stands for each element of a list.
"""
POLICY = b"version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 604800\n"

DATA = ("codes", "extensions", "[].related", "rows", "by_result_type", "by_policy_type")  # keys of these are data
Rows = dict[str, tuple[str, str]]  # path of a key (`mx[].host`) to its type and its sentence


@dataclass(frozen=True)
class Sample:
    """One document: the command that prints it, an example that is the same on every machine, its keys.

    remark: what else to say of the command. shown: how many elements of a list are shown.
    """

    command: str
    document: Callable[[], Any]
    keys: Callable[[], Rows]
    remark: str = ""
    shown: int = 9


def page() -> str:
    """The page. Raises Missing."""
    parts = [HEAD]
    for verb, text in helps():
        if re.search(r"^  --json ", text, re.MULTILINE) and verb not in SAMPLES:
            raise Missing(f"strictmx {verb} prints JSON: add it to `SAMPLES` in tools/pages/documents.py")
    for verb, sample in SAMPLES.items():
        document, keys = sample.document(), sample.keys()
        unsaid = [path for path in _paths(document) if path not in keys]
        if unsaid:
            raise Missing(f"`{unsaid[0]}` of strictmx {verb} has no sentence in `SAMPLES` of tools/pages/documents.py")
        shown = document[: sample.shown] if isinstance(document, list) else document
        text = msgspec.json.format(json.dumps(shown, ensure_ascii=False), indent=2)
        parts.append(f"## strictmx {verb}\n\n`strictmx {sample.command}`{sample.remark}\n\n```json\n{text}\n```\n")
        parts.append(table(("key", "type", "meaning"), [(f"`{path}`", *row) for path, row in keys.items()]))
    return "\n".join(parts)


def _ran(command: str) -> Any:
    """What the command prints, in a folder with a policy, saved observations and an empty configuration."""
    files = {"mta-sts.txt": POLICY, "seen.jsonl": b"\n".join(saved().values()), "strictmx.toml": b""}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, data in files.items():
            Path(name).write_bytes(data)
        return json.loads(printed(*command.split(), "--config", "strictmx.toml"))


def _paths(document: Any, place: str = "") -> Iterator[str]:
    """The paths of the keys of a document; those below `DATA` are left out."""
    if isinstance(document, list):
        for each in document:
            yield from _paths(each, f"{place}[]")
    elif isinstance(document, dict) and not place.endswith(
        ("codes", "extensions", "[].related", "rows", "by_result_type", "by_policy_type")
    ):
        for key, value in document.items():
            path = f"{place}.{key}" if place else key
            yield path
            yield from _paths(value, path)


def keys_of(shape: type[msgspec.Struct], place: str = "") -> Rows:
    """The keys of a struct and of what is below it, with the sentences of its docstring (`key: sentence`).

    Raises Missing: a key without a sentence.
    """
    rows: Rows = {}
    words = " ".join((shape.__doc__ or "").partition("\n")[2].split())
    parts = re.split(rf"(?:^| )({'|'.join(shape.__struct_fields__)}): ", words)
    sentences = dict(zip(parts[1::2], parts[2::2], strict=True))
    unsaid = [f"`{key}: …`" for key in shape.__struct_fields__ if key not in sentences]
    if unsaid:
        raise Missing(f"the docstring of {shape.__name__} lacks the sentence of a key: {', '.join(unsaid)}")
    for key, hint in get_type_hints(shape).items():
        kind, below = _kind(hint), _struct(hint)
        rows[place + key] = (kind, sentences[key].rstrip("."))
        if below is not None:
            rows |= keys_of(below, f"{place}{key}{'[]' if kind.startswith('list') else ''}.")
    return rows


def _kind(hint: Any) -> str:
    """The type of a value, as a reader of JSON knows it."""
    if get_origin(hint) is tuple:
        return f"list of {_kind(get_args(hint)[0])}"
    if get_args(hint):
        return ", ".join(_kind(part) for part in get_args(hint))
    if issubclass(hint, Enum):
        return ", ".join(f"`{each.value}`" for each in hint)
    if issubclass(hint, msgspec.Struct):
        return "object"
    return {bool: "true, false", int: "number", NoneType: "null"}.get(hint, "text")


def _struct(hint: Any) -> type[msgspec.Struct] | None:
    """The struct that a hint leads to."""
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _lint_keys() -> Rows:
    return {
        "verdict": ("`valid`, `invalid`", "`invalid` exactly when a finding is an error: senders ignore the file"),
        "policy": ("object, null", "null where the verdict is `invalid`"),
        "policy.version": ("text", "`STSv1`"),
        "policy.mode": ("`enforce`, `testing`, `none`", "what senders do with an MX host that fails"),
        "policy.mx": ("list of text", "the patterns, in the order of the file"),
        "policy.max_age": ("number", "seconds that senders keep the policy"),
        "policy.extensions": ("object", "further fields: name, value"),
        "findings": ("list of object", "as those of `check`, worst first"),
    } | {f"findings[].{key}": row for key, row in keys_of(Finding).items()}


def _diagnosis() -> Any:
    """What `doctor` says of a machine whose provider blocks port 25."""
    checks = (
        words.PORT_BLOCKED(
            "port-25", "no answer from 192.0.2.25 port 25", port="25", hosts="mx1.example and mx2.example"
        ),
        words.FAMILY_WORKS("ipv6", family="IPv6"),
    )
    seen_at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    return msgspec.to_builtins(Diagnosis(checks, "/etc/strictmx/strictmx.toml", seen_at, elapsed_ms=5_041).to_json())


def _doctor_keys() -> Rows:
    return {
        "works": ("true, false", "false where a check is `broken`; the exit status is 1 then"),
        "checks": (
            "list of object",
            "the same ones in the same order every time, `extras` and `files` where there are any",
        ),
        "checks[].check": ("text", "its name, which never changes its meaning"),
        "checks[].state": (
            "`works`, `warning`, `broken`, `unknown`",
            "`unknown`: could not be tested, the message says why",
        ),
        "checks[].message": ("text", "what is the case, then what follows from it"),
        "checks[].mend": ("text", "the one thing to do; empty where there is nothing to do"),
        "checks[].evidence": ("text", "what servers and libraries said"),
        "configuration": ("text, null", "the file that was read; null for built-in defaults"),
        "observed_at": ("text", "when, UTC"),
        "elapsed_ms": ("number", "milliseconds that it took"),
    }


def _record_keys() -> Rows:
    return {
        "[].name": ("text", "absolute, with its last dot"),
        "[].type": ("text", "`TXT`, `CNAME`, `A`, `AAAA`, `TLSA`"),
        "[].ttl": ("number", "seconds that resolvers keep it"),
        "[].value": ("text", "as a zone file writes it, but TXT whole and unquoted"),
    }


def _lab_keys() -> Rows:
    return {
        "[].domain": ("text", "the domain"),
        "[].shows": ("text", "what it shows, in a sentence"),
        "[].verdict": ("text", "the verdict that `check` gives"),
        "[].codes": ("object", "the codes that `check` finds, those that are `ok` left out: code, worst severity"),
        "[].related": ("object", "those that `check --related` finds beside them"),
        "[].selectors": ("list of text", "the DKIM selectors to ask for with `--selector`"),
    }


def _report_keys(place: str) -> Rows:
    """The keys that a list of reports and a report have in common."""
    return {
        f"{place}id": ("number", "its number here"),
        f"{place}received_at": ("text", "when it came, UTC"),
        f"{place}via": ("`file`, `mail`, `https`", "how it came"),
        f"{place}source": ("text", "the file or mail that it was in"),
        f"{place}authenticated": ("true, false, null", "whether DKIM proves its origin; null: no mail brought it"),
    }


def _deviation_keys(place: str) -> Rows:
    return {
        place: ("list of object", "the rules that it bends"),
        f"{place}[].rule": ("text", "the id of the rule"),
        f"{place}[].path": ("text", "where in the report"),
        f"{place}[].message": ("text", "what was found, and what was assumed"),
    }


def _import_keys() -> Rows:
    return {
        "files": ("number", "how many were read"),
        "reports": ("number", "how many they held"),
        "new": ("number", "those that count now"),
        "duplicates": ("number", "those that are here already"),
        "conflicts": ("number", "the duplicates whose content differs from the copy that counts"),
        "deviations": ("list of object", "the rules that reports bend"),
        "deviations[].source": ("text", "the report"),
        "deviations[].rule": ("text", "the id of the rule"),
        "deviations[].path": ("text", "where in the report"),
        "deviations[].message": ("text", "what was found, and what was assumed"),
        "rejected": ("list of object", "what could not be counted; the exit status is 1 then"),
        "rejected[].source": ("text", "the file, or what is in it"),
        "rejected[].error": ("text", "why"),
        "not_listed": ("number", "deviations and refusals beyond the 100,000 that are listed of each"),
    }


def _list_keys() -> Rows:
    return {
        **_report_keys("[]."),
        "[].report_id": ("text", "as the sender numbers it"),
        "[].organization": ("text", "who reports"),
        "[].contact": ("text, null", "whom to ask"),
        "[].begin": ("text", "when the sessions began, UTC; it belongs to this day"),
        "[].end": ("text", "when they ended"),
        "[].domains": ("list of text", "what it is about"),
        "[].successful": ("number, null", "sessions that kept to the policy; null: it does not say"),
        "[].failed": ("number, null", "those that did not"),
        **_deviation_keys("[].deviations"),
        "[].conflicts": ("number", "copies of it with other content, which do not count"),
    }


def _show_keys() -> Rows:
    plain = {
        "organization-name": "text",
        "date-range": "object",
        "date-range.start-datetime": "text",
        "date-range.end-datetime": "text",
        "contact-info": "text, null",
        "report-id": "text",
        "policies": "list of object",
        "policies[].policy": "object",
        "policies[].policy.policy-type": "text",
        "policies[].policy.policy-string": "list of text",
        "policies[].policy.policy-domain": "text",
        "policies[].policy.mx-host": "list of text",
        "policies[].summary": "object",
        "policies[].summary.total-successful-session-count": "number, null",
        "policies[].summary.total-failure-session-count": "number, null",
        "policies[].failure-details": "list of object",
        "policies[].failure-details[].result-type": "text",
        "policies[].failure-details[].sending-mta-ip": "text",
        "policies[].failure-details[].receiving-mx-hostname": "text",
        "policies[].failure-details[].receiving-ip": "text",
        "policies[].failure-details[].failed-session-count": "number, null",
    }
    return {
        **{key: (kind, "as RFC 8460 section 4.4 has it") for key, kind in plain.items()},
        **_deviation_keys("deviations"),
        "deviations[].set_aside": ("true, false", "whether the policy at `path` does not count for it"),
        **_report_keys(""),
        "counts": ("true, false", "false: another copy of it counts"),
        "conflicts": ("list of number", "the other copies"),
    }


def _summary_keys() -> Rows:
    sums = {"successful": ("number", "sessions that kept to the policy"), "failed": ("number", "those that did not")}
    place = "domains[]."
    return {
        "since": ("text, null", "the first day, as asked or the first one reported"),
        "until": ("text, null", "the last day"),
        "domains": ("list of object", "by name"),
        f"{place}domain": ("text", "the domain"),
        **{f"{place}{key}": row for key, row in sums.items()},
        f"{place}success_rate": ("number, null", "of all sessions; null without any"),
        f"{place}by_result_type": ("object", "failed sessions by the details of all policies: result type, sessions"),
        f"{place}by_organization": ("list of object", "by sender, most sessions first"),
        f"{place}by_organization[].organization": ("text", "as it calls itself"),
        **{f"{place}by_organization[].{key}": row for key, row in sums.items()},
        f"{place}by_mx": ("list of object", "failed sessions by MX host, as far as details tell"),
        f"{place}by_mx[].host": ("text", "`unknown` where reports name none"),
        f"{place}by_mx[].failed": ("number", "its failed sessions"),
        f"{place}by_mx[].by_result_type": ("object", "these by result type"),
        f"{place}by_day": ("list of object", "the days with reports"),
        f"{place}by_day[].day": ("text", "a UTC day"),
        **{f"{place}by_day[].{key}": row for key, row in sums.items()},
        f"{place}by_policy_type": ("object", "each kind of policy by itself; `sts` and `tlsa` see the same sessions"),
        f"{place}failures_without_details": ("number", "failed sessions of which no detail tells"),
        f"{place}findings": ("list of object", "what fails where, and what to do"),
        **{f"{place}findings[].{key}": row for key, row in keys_of(Explained).items()},
    }


def _domain_keys(place: str = "") -> Rows:
    return {
        f"{place}domain": ("text", "in lower-case A-labels"),
        f"{place}mode": ("`enforce`, `testing`, `none`", "of its policy"),
        f"{place}mx": ("list of text", "the patterns"),
        f"{place}max_age": ("number", "seconds that senders keep it"),
        f"{place}id": ("text", "of the TXT record; it changes exactly when the text does"),
        f"{place}rua": ("list of text", "where reports go"),
        f"{place}policy": ("text", "the file, to be served octet for octet"),
        f"{place}changed_at": ("text", "when it was changed last, UTC"),
    }


def _past_keys() -> Rows:
    return _domain_keys() | {
        "history": ("list of object", "every policy that it had"),
        "history[].id": ("text", "of the TXT record then"),
        "history[].mode": ("text", "its mode"),
        "history[].max_age": ("number", "seconds"),
        "history[].policy": ("text", "the file"),
        "history[].since": ("text", "from when on"),
        "history[].until": ("text, null", "until when; null: still"),
    }


REPORT = {
    "organization-name": "Example Net",
    "date-range": {"start-datetime": "2026-11-23T00:00:00Z", "end-datetime": "2026-11-24T00:00:00Z"},
    "contact-info": "tlsrpt@example.net",
    "report-id": "2026-11-23.1.example.com@example.net",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": ["version: STSv1", "mode: enforce", "mx: mx1.example.com", "max_age: 604800"],
                "policy-domain": "example.com",
                "mx-host": ["mx1.example.com"],
            },
            "summary": {"total-successful-session-count": 41, "total-failure-session-count": 3},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "192.0.2.1",
                    "receiving-mx-hostname": "mx1.example.com",
                    "receiving-ip": "198.51.100.1",
                    "failed-session-count": 3,
                }
            ],
        }
    ],
}


def _stored(*commands: str) -> Any:
    """What the last command prints, after the others, on a store of its own; times are those of the documents."""
    files = {"report.json": json.dumps(REPORT), "letter.txt": "Dear aunt", "domains.toml": DOMAINS}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in files.items():
            Path(name).write_text(text, encoding="utf-8")
        Path("strictmx.toml").write_text('[store]\ndata = "data"\n', encoding="utf-8")
        for command in commands:
            text = printed(*command.split(), "--config", "strictmx.toml")
    return json.loads(_TIMES.sub(r'\1"2026-11-25T09:00:00Z"', _IDS.sub('"20261125090000"', text)))


DOMAINS = """[domains."example.com"]
mode = "testing"
mx = ["mx1.example.com"]
max_age = "1w"
rua = ["mailto:tlsrpt@example.com"]
"""
_IDS = re.compile(r'"20\d{12}"')
_TIMES = re.compile(r'("(?:received_at|changed_at|since)": ?)"20[^"]*T[^"]*"')
_TAKE = "reports import report.json letter.txt --json"
_APPLY = "domains apply domains.toml --json"


def _rows_keys() -> Rows:
    return {
        "file": ("text", "the backup"),
        "rows": ("object", "how many rows each table has; empty where the file is damaged"),
    }


SAMPLES = {  # every verb that prints JSON
    "check": Sample(
        "check mx-certificate-expired.example --json",
        lambda: _ran("check mx-certificate-expired.example --json --replay seen.jsonl"),
        lambda: keys_of(CheckResult),
        remark="; with several domains a list of such objects, with `--jsonl` one a line as they finish.",
    ),
    "policy lint": Sample("policy lint mta-sts.txt --json", lambda: _ran("policy lint mta-sts.txt --json"), _lint_keys),
    "records": Sample(
        "records example.com --policy mta-sts.txt --host policies.example.net --format json",
        lambda: _ran(
            "records example.com --policy mta-sts.txt --host policies.example.net --format json "
            "--id 20261124090000 --rua mailto:postmaster@example.com"
        ),
        _record_keys,
    ),
    "doctor": Sample("doctor --json", _diagnosis, _doctor_keys, remark=", here the first two checks:"),
    "lab list": Sample(
        "lab list --json", lambda: _ran("lab list --json"), _lab_keys, remark=", of which the first two:", shown=2
    ),
    "reports import": Sample(
        _TAKE, lambda: _stored(_TAKE), _import_keys, remark="; `accept` and `retry` print the same."
    ),
    "reports list": Sample(
        "reports list --json",
        lambda: _stored(_TAKE, "reports list --json"),
        _list_keys,
        remark="; with `--jsonl` one a line.",
    ),
    "reports list --set-aside": Sample(
        "reports list --set-aside --json",
        lambda: _stored(_TAKE, "reports list --set-aside --json"),
        lambda: {
            "[].id": ("text", "what `accept` and `show` take"),
            "[].received_at": ("text", "when it came, UTC"),
            "[].via": ("`file`, `mail`, `https`", "how it came"),
            "[].reason": ("text", "why it does not count"),
            "[].rule": ("text", "the id of the rule that it breaks"),
            "[].source": ("text", "the file or mail that it was in"),
        },
    ),
    "reports show": Sample("reports show 1 --json", lambda: _stored(_TAKE, "reports show 1 --json"), _show_keys),
    "reports summary": Sample(
        "reports summary --json", lambda: _stored(_TAKE, "reports summary --json"), _summary_keys
    ),
    "reports accept": Sample(
        "reports accept a1 --json", lambda: _stored(_TAKE, "reports accept a1 --json"), _import_keys
    ),
    "reports retry": Sample("reports retry --json", lambda: _stored(_TAKE, "reports retry --json"), _import_keys),
    "reports delete": Sample(
        "reports delete --domain example.com --before 2026-11-24 --json",
        lambda: _stored(_TAKE, "reports delete --domain example.com --before 2026-11-24 --json"),
        lambda: {
            "domain": ("text", "as asked"),
            "before": ("text", "as asked"),
            "deleted": ("number", "how many reports"),
        },
    ),
    "domains list": Sample(
        "domains list --json", lambda: _stored(_APPLY, "domains list --json"), lambda: _domain_keys("[].")
    ),
    "domains show": Sample(
        "domains show example.com --json", lambda: _stored(_APPLY, "domains show example.com --json"), _past_keys
    ),
    "domains apply": Sample(
        "domains apply domains.toml --json",
        lambda: _stored(_APPLY),
        lambda: {
            "added": ("list of text", "domains that are published now"),
            "changed": ("list of text", "those that are published otherwise now"),
            "removed": ("list of text", "those that are published no longer"),
            "unchanged": ("number", "how many stay as they are"),
        },
    ),
    "store migrate": Sample(
        "store migrate --json",
        lambda: _stored("store migrate --json"),
        lambda: {
            "before": ("number", "the version of the schema; 0: there was none"),
            "after": ("number", "the version now"),
        },
    ),
    "store backup": Sample(
        "store backup backup.db --json", lambda: _stored(_TAKE, "store backup backup.db --json"), _rows_keys
    ),
    "store restore": Sample(
        "store restore backup.db --force --json",
        lambda: _stored(_TAKE, "store backup backup.db", "store restore backup.db --force --json"),
        _rows_keys,
    ),
    "store verify": Sample(
        "store verify --json",
        lambda: _stored(_TAKE, "store verify --json"),
        lambda: {
            "rows": ("object", "how many rows each table has; empty where the file is damaged"),
            "problems": ("list of text", "what is wrong; the exit status is 1 then"),
        },
    ),
}
