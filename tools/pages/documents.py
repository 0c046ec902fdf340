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
    """The paths of the keys of a document; the keys of `codes`, `extensions` and of a domain's `related` are data."""
    if isinstance(document, list):
        for each in document:
            yield from _paths(each, f"{place}[]")
    elif isinstance(document, dict) and not place.endswith(("codes", "extensions", "[].related")):
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
}
