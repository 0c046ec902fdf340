"""Policy files as people get them wrong (`tests/data/policies`): the findings of each, and mends that mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.policy_file import lint
from strictmx.standards.sts import read_policy

DATA = Path(__file__).parents[1] / "data" / "policies"

FILES = [  # rule, file, codes (`policy-` left out) with their severities, what it stands for
    ("STS-28", "good-google-console", "", "as Google's console proposes it: keys shuffled, no final line end"),
    ("STS-62", "good-proton", "", "hosts that all customers share; mail.protonmail.ch is an MX host"),
    ("STS-31", "good-fastmail", "", "a wildcard over hosts that all customers share spans no tenants"),
    ("STS-28", "good-migadu", "", "no blank behind the colon"),
    ("STS-62", "good-microsoft", "", "the tenant's own hosts, old and new"),
    ("STS-76", "good-withdrawn", "", "a withdrawal needs no mx and a short max_age"),
    ("DEC-01", "odd-lf", "line-ending:notice", "LF alone"),
    ("DEC-02", "odd-lf-blank-line", "line-ending:warning", "LF alone and an empty line: the worse is told"),
    ("STS-27", "odd-extensions", "", "keys of others, each like one of the policy's own"),
    ("DEC-02", "odd-blank-line", "line-ending:warning", "an empty line at the end"),
    ("STS-26", "odd-twice", "duplicate-field:warning", "the whole policy pasted twice"),
    ("STS-27", "odd-upper-case-key", "invalid:notice", "one of two hosts under MX, which senders ignore"),
    ("STS-27", "odd-numbered-key", "invalid:notice", "one of two hosts under mx2"),
    ("STS-21", "mode-enforced", "mode-invalid:error", "a near miss"),
    ("STS-21", "mode-live", "mode-invalid:error", "another word"),
    ("STS-21", "mode-report", "mode-invalid:error", "the word of an old draft"),
    ("STS-21", "mode-capital", "mode-invalid:error", "upper case"),
    ("STS-21", "mode-on", "mode-invalid:error", "a switch, and surely no `none`"),
    ("STS-21", "mode-no-break-space", "mode-invalid:error", "a blank that is none behind the word"),
    ("STS-21", "mode-quoted", "mode-invalid:error", "quotation marks, as in YAML"),
    ("STS-21", "mode-comment", "mode-invalid:error", "a comment behind the word"),
    ("STS-21", "mode-negated", "mode-invalid:error", "the word, and that it is not meant"),
    ("STS-20", "line-two-fields", "version:error", "version and mode on one line"),
    ("STS-28", "line-indented-first", "invalid:error", "only the first line is indented"),
    ("STS-28", "line-indented-mx", "invalid:error", "only the mx lines are indented"),
    ("STS-28", "line-html-comment", "invalid:error", "a comment of HTML above the policy"),
    ("STS-28", "line-cr-within", "line-ending:error", "a carriage return within a value"),
    ("STS-28", "line-without-colon", "invalid:error", "no colon"),
    ("STS-28", "line-full-width-colon", "invalid:error", "a colon that only looks like one"),
    ("STS-28", "line-blank-before-colon", "invalid:error", "a blank before the colon"),
    ("STS-28", "line-equals-signs", "invalid:error", "equals signs throughout"),
    ("STS-28", "line-comment", "invalid:error", "a comment"),
    ("STS-28", "line-code-fence", "invalid:error", "pasted with its code fence"),
    ("STS-28", "line-dns-record", "invalid:error", "the TXT record below the policy"),
    ("STS-28", "line-mail-signature", "invalid:error", "a mail signature below the policy"),
    (
        "STS-21",
        "line-semicolons",
        "version:error mode-invalid:error mx-invalid:error max-age-invalid:error",
        "each line ends with a semicolon",
    ),
    ("STS-22", "key-upper-case", "mx-missing:error", "all hosts under MX"),
    ("STS-20", "key-hyphen", "max-age-missing:error", "max-age"),
    ("STS-20", "key-misspelt", "version:error invalid:error", "vesion"),
    ("STS-20", "version-missing", "version:error invalid:error", "no version"),
    ("STS-21", "version-record", "version:error", "the text of the TXT record as version"),
    ("STS-23", "mx-two-on-a-line", "mx-invalid:error", "two hosts on a line"),
    ("STS-23", "mx-yaml-flow", "mx-invalid:error", "a list in brackets"),
    ("STS-23", "mx-final-dot", "mx-invalid:error", "as it stands in the zone"),
    ("STS-23", "mx-preference", "mx-invalid:error", "with the preference of the MX record"),
    ("STS-23", "mx-port", "mx-invalid:error", "with a port"),
    ("STS-23", "mx-address", "mx-invalid:warning", "an IPv4 address, which has the form of a name"),
    ("STS-23", "mx-address-literal", "mx-invalid:error", "an IP address in brackets"),
    ("STS-23", "mx-torn", "mx-invalid:error", "a blank before a dot"),
    ("STS-23", "mx-comma", "mx-invalid:error", "a comma in place of a dot"),
    ("STS-23", "mx-mail-address", "mx-invalid:error", "a mail address"),
    ("STS-23", "mx-underscore", "mx-invalid:error", "an underscore"),
    ("STS-24", "mx-u-label", "mx-invalid:error", "a U-label"),
    ("DEV-22", "mx-draft-wildcard", "mx-invalid:error", "the wildcard of an old draft"),
    ("STS-23", "mx-star", "mx-invalid:error", "a star for everything"),
    ("STS-23", "mx-placeholder", "mx-invalid:error", "a template that was not filled in"),
    ("DEC-11", "mx-single-label", "mx-unused:warning", "half a name"),
    ("DEC-11", "mx-submission", "mx-unused:warning", "where users hand in mail"),
    ("DEC-11", "mx-bounces", "mx-unused:warning", "where bounces of a sending service go"),
    ("DEC-11", "mx-mailbox", "mx-unused:warning", "where users read mail"),
    ("DEC-11", "mx-policy-host", "mx-unused:warning", "the host of this file"),
    ("STS-31", "wildcard-tenants", "wildcard-broad:notice", "every customer of Microsoft 365"),
    ("STS-31", "wildcard-tenants-proofpoint", "wildcard-broad:notice", "every customer of Proofpoint"),
    ("STS-62", "wildcard-short", "wildcard-depth:warning", "a label short of every host of Microsoft 365"),
    ("STS-31", "wildcard-suffix", "wildcard-broad:warning", "everybody in a country"),
    ("STS-31", "wildcard-hosting", "wildcard-broad:warning", "everybody at a web host"),
    ("STS-31", "wildcard-private", "", "a top-level domain that nobody can register below"),
    ("STS-30", "max-age-zero", "max-age-short:warning", "no time at all"),
    ("STS-25", "max-age-product", "max-age-invalid:error", "a product"),
    ("STS-30", "max-age-digit-lost", "max-age-short:warning", "a week with a digit lost"),
    ("STS-30", "max-age-digit-lost-year", "max-age-short:notice", "a year with a digit lost"),
    ("STS-30", "max-age-three-days", "max-age-short:notice", "three days are not thirty with a digit lost"),
    ("STS-30", "max-age-month", "", "thirty days are not three hundred with a digit lost"),
    ("STS-25", "max-age-thousands", "max-age-invalid:error", "digits in groups"),
    ("STS-25", "max-age-unit", "max-age-invalid:error", "a length of time in words"),
    ("DEC-09", "max-age-above", "max-age-invalid:warning", "a year with a digit too many"),
    ("STS-28", "not-indented", "not-a-policy:error", "indented, as in a script"),
    ("STS-28", "not-indented-enforced", "not-a-policy:error mode-invalid:error", "indented, and a wrong mode"),
    ("DEC-06", "not-yaml", "not-a-policy:error", "a YAML list"),
    ("DEC-06", "not-json", "not-a-policy:error", "JSON"),
    ("DEC-06", "not-rich-text", "not-a-policy:error", "rich text"),
    ("DEC-06", "not-word", "not-a-policy:error", "a document of a word processor"),
    ("DEC-06", "not-web-page", "not-a-policy:error", "an error page"),
    ("DEC-06", "not-front-matter", "not-a-policy:error", "front matter of a site generator"),
    ("DEC-06", "not-dns-record", "not-a-policy:error", "the TXT record in place of the policy"),
    ("DEC-06", "not-tlsrpt-record", "not-a-policy:error", "another TXT record"),
    ("DEC-06", "not-one-line", "not-a-policy:error", "line ends that were never made"),
    ("DEC-06", "not-smart-quotes", "not-a-policy:error", "quotation marks around each line"),
    ("DEC-06", "not-dashes", "not-a-policy:error", "dashes in front of each line"),
    ("DEC-06", "not-quoted-keys", "not-a-policy:error", "quotation marks around keys and values"),
    ("DEC-06", "not-found", "not-a-policy:error", "an error page of a static host"),
    ("DEC-06", "not-empty", "not-a-policy:error", "nothing"),
    ("DEC-07", "encoding-bom", "encoding:error", "a byte order mark"),
    ("DEC-07", "encoding-utf-16", "encoding:error", "UTF-16"),
    ("DEC-07", "encoding-utf-32", "encoding:error", "UTF-32"),
    ("DEC-07", "encoding-latin-1", "encoding:error", "Latin-1"),
    ("STS-28", "line-ends-cr", "line-ending:error invalid:error", "line ends of an old Macintosh"),
]
NOTHING_TO_PASTE = {  # files whose mend is an act, not a text
    "not-word",
    "not-web-page",
    "not-dns-record",
    "not-tlsrpt-record",
    "not-found",
    "not-empty",
    "encoding-bom",
    "encoding-utf-16",
    "encoding-utf-32",
    "encoding-latin-1",
    "line-cr-within",
    "line-ends-cr",
}


def read(name: str) -> bytes:
    return (DATA / f"{name}.txt").read_bytes()


def told(findings: Sequence[Finding]) -> dict[str, str]:
    worst: dict[str, str] = {}
    for finding in findings:  # worst first
        worst.setdefault(finding.code.removeprefix("policy-"), finding.severity.value)
    return worst


def errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


@pytest.mark.parametrize(("rule", "name", "codes", "stands_for"), FILES, ids=[row[1] for row in FILES])
def test_findings_of_a_file(rule: str, name: str, codes: str, stands_for: str) -> None:
    data = read(name)
    findings = lint(data)
    assert told(findings) == dict(part.split(":") for part in codes.split())
    assert (read_policy(data).policy is None) == ("error" in codes)
    assert not any("\\n" in finding.mend for finding in findings)


def test_every_file_has_a_row() -> None:
    assert sorted(row[1] for row in FILES) == sorted(file.stem for file in DATA.iterdir())


# ---- mends that are pasted -----------------------------------------------------------------------------------------

_PLACE = r"lines? (?P<lines>[0-9, and]+)"
_EDITS = [  # what a mend says to do, told by how it begins; the lines to paste follow
    re.compile(rf"Change {_PLACE} to:\n(?P<text>(?:.*\n)+)then "),
    re.compile(rf"Replace {_PLACE} by .*:\n(?P<text>(?:.*\n)+)then "),
    re.compile(rf"Remove {_PLACE}, then "),
    re.compile(r"(?:Make this the first line|Add a line.*):\n(?P<text>(?:.*\n)+)then "),
]
_WHOLE_FILE = re.compile(r".*:\n(?P<text>version: (?:.*\n)+)then ")


def pasted(data: bytes, findings: Sequence[Finding]) -> bytes | None:
    """The file after the mends of errors, and of lines that are ignored, were done; None for nothing to paste."""
    lines: list[list[str]] = [[line] for line in data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")]
    added: dict[str, None] = {}
    for finding in [one for one in findings if one.severity is Severity.ERROR or one.code == "policy-invalid"]:
        whole = _WHOLE_FILE.match(finding.mend) if finding.code == "policy-not-a-policy" else None
        if whole:
            return whole["text"].replace("\n", "\r\n").encode()
        edit = next((match for match in (one.match(finding.mend) for one in _EDITS) if match), None)
        if edit is None:
            return None
        text = edit.groupdict().get("text") or ""
        numbers = [int(number) for number in re.findall("[0-9]+", edit.groupdict().get("lines") or "")]
        if not numbers:
            added |= dict.fromkeys(text.splitlines())
        for number in numbers:
            lines[number - 1] = text.splitlines() if number == numbers[0] else []
    kept = [line for group in lines for line in group if line]
    return "".join(f"{line}\r\n" for line in [*kept, *added]).encode()


@pytest.mark.parametrize("name", [row[1] for row in FILES if "error" in row[2]])
def test_a_mend_that_is_pasted_makes_a_policy(name: str) -> None:
    data = read(name)
    mended = pasted(data, lint(data))
    assert (mended is None) == (name in NOTHING_TO_PASTE)
    if mended is not None:
        assert errors(lint(mended)) == []


MENDS = [  # rule, file, a line that the mend gives
    ("STS-21", "mode-on", "mode: enforce"),
    ("STS-21", "mode-negated", "mode: testing"),
    ("STS-20", "line-two-fields", "mode: enforce"),
    ("STS-23", "mx-torn", "mx: YOUR-MX-HOST"),
    ("STS-23", "mx-comma", "mx: YOUR-MX-HOST"),
    ("STS-25", "max-age-product", "max_age: 1209600"),
    ("STS-21", "mode-report", "mode: testing"),
    ("STS-21", "mode-comment", "mode: testing"),
    ("STS-28", "line-full-width-colon", "mode: enforce"),
    ("STS-28", "line-blank-before-colon", "version: STSv1"),
    ("STS-23", "mx-preference", "mx: mx2.shop.example"),
    ("STS-23", "mx-two-on-a-line", "mx: mx3.shop.example"),
    ("DEV-22", "mx-draft-wildcard", "mx: *.shop.example"),
    ("STS-25", "max-age-thousands", "max_age: 604800"),
    ("STS-25", "max-age-unit", "max_age: 86400"),
    ("STS-30", "max-age-digit-lost", "max_age: 604800"),
    ("STS-30", "max-age-digit-lost-year", "max_age: 31557600"),
    ("STS-27", "odd-upper-case-key", "mx: mx2.shop.example"),
    ("DEC-06", "not-rich-text", "mx: mx2.shop.example"),
    ("DEC-06", "not-json", "max_age: 604800"),
]


@pytest.mark.parametrize(("rule", "name", "line"), MENDS, ids=[row[1] for row in MENDS])
def test_the_line_to_paste(rule: str, name: str, line: str) -> None:
    assert any(line in finding.mend.splitlines() for finding in lint(read(name)))


def test_a_long_host_is_not_cut_in_the_line_to_paste() -> None:
    host = ".".join(["a" * 60] * 3) + ".example"
    text = f"version: STSv1\r\nmode: enforce\r\nmx: {host}.\r\nmax_age: 604800\r\n"
    assert f"\nmx: {host}\n" in lint(text.encode())[0].mend


def test_a_carriage_return_within_a_line_is_told_by_its_line() -> None:
    (finding,) = errors(lint(read("line-cr-within")))
    assert "line 5" in finding.mend
    assert errors(lint(read("line-cr-within").replace(b"a\rb", b"ab"))) == []


COMMANDS = [  # name of the file, as a shell takes it; what the mend says
    ("my-policy.txt", "`unix2dos my-policy.txt`"),
    ("", "`unix2dos`, run on the file"),
]


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_a_mend_names_the_file_that_was_read(name: str, command: str) -> None:
    (finding,) = lint(read("odd-lf"), file_name=name)
    assert command in finding.mend


# ---- any policy, any of the mistakes -------------------------------------------------------------------------------


def each_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(f"{change(line)}\r\n" for line in text.splitlines())


def once(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


MISTAKES: list[Callable[[str], str]] = [
    each_line(lambda line: "  " + line),
    each_line(lambda line: line.replace(": ", " = ")),
    each_line(lambda line: line.replace(":", " :", 1)),
    each_line(lambda line: line.replace(": ", ":\u00a0")),
    each_line(lambda line: line.replace(":", "\uff1a", 1)),
    each_line(lambda line: line + ";"),
    each_line(lambda line: line + ","),
    each_line(lambda line: f'"{line}"'),
    each_line(lambda line: f"\u201c{line}\u201d"),
    each_line(lambda line: "- " + line),
    each_line(lambda line: "\u2013 " + line),
    each_line(lambda line: '"{}": "{}",'.format(*line.split(": "))),
    each_line(lambda line: "> " + line),
    each_line(str.upper),
    lambda text: text.replace("\r\n", "\\n"),
    lambda text: text.replace("\r\n", " "),
    lambda text: "```\r\n" + text + "```\r\n",
    lambda text: "# policy\r\n" + text,
    lambda text: "---\r\nlayout: null\r\n---\r\n" + text,
    lambda text: "{\\rtf1 " + text.replace("\r\n", "\\\n") + "}",
    lambda text: "v=STSv1; id=1;\r\n" + text,
    lambda text: text + text,
    lambda text: text + "\r\n-- \r\nThe mail team\r\n",
    once("STSv1\r\n", "STSv1 "),
    once("version", " version"),
    once("mode: enforce", "mode: enforced"),
    once("mode: testing", "mode: test"),
    once("mode: ", "mode: \u200b"),
    once("mode: ", "mode "),
    once("mx: ", "mx: 10 "),
    once("mx: ", "mx: smtp://"),
    once("mx: ", "MX: "),
    once(".example\r\n", ".example.\r\n"),
    once(".example\r\n", ".example, other.example\r\n"),
    once("max_age: ", "max-age: "),
    once("max_age: ", "max_age: +"),
    once("version: STSv1\r\n", ""),
    once("STSv1", "STSv1;"),
]
LABEL = st.from_regex(r"\A[a-z]([a-z0-9-]{0,8}[a-z0-9])?\Z")
HOSTS = st.builds(
    lambda star, labels: star + ".".join([*labels, "shop.example"]),
    st.sampled_from(["", "*."]),
    st.lists(LABEL, max_size=2),
)
POLICIES = st.builds(
    lambda mode, hosts, age: "".join(
        f"{line}\r\n"
        for line in ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {age}"]
    ),
    st.sampled_from(["enforce", "testing"]),
    st.lists(HOSTS, min_size=1, max_size=4, unique=True),
    st.integers(0, 31_557_600),
)


@given(POLICIES, st.sampled_from(MISTAKES))
def test_one_mistake_is_told_and_mended_by_what_is_to_be_pasted(policy: str, mistake: Callable[[str], str]) -> None:
    data = mistake(policy).encode()
    findings = lint(data)
    assert (read_policy(data).policy is None) == bool(errors(findings))
    mended = pasted(data, findings)
    assert mended is not None
    assert errors(lint(mended)) == []
    before, after = read_policy(policy.encode()).policy, read_policy(mended).policy
    assert before is not None
    assert after is not None
    assert (set(after.mx) >= set(before.mx), after.mode, after.max_age) == (True, before.mode, before.max_age)


@given(POLICIES, st.lists(st.sampled_from(MISTAKES), min_size=2, max_size=4))
def test_several_mistakes_are_told(policy: str, mistakes: list[Callable[[str], str]]) -> None:
    for mistake in mistakes:
        policy = mistake(policy)
    findings = lint(policy.encode())
    assert (read_policy(policy.encode()).policy is None) == bool(errors(findings))
    assert all(finding.message.isprintable() and finding.mend for finding in findings)
