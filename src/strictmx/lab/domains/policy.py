"""Domains whose policy file is at fault (RFC 8461 section 3.2): it can be had, but not as its owner thinks."""

from __future__ import annotations

from strictmx.lab.model import Domain, Mx, Policy, Severity


def _broken(suffix: str, shows: str, body: str, *more: str) -> Domain:
    """A domain whose policy file no sender accepts. more: further codes than the one in the name."""
    code = f"policy-{suffix}"
    found: dict[str, Severity] = dict.fromkeys((code, *more), "error")
    return Domain(
        name=f"{code}.example",
        shows=shows,
        verdict="broken",
        codes=found,
        policy=Policy(body=body),
    )


_BROKEN = (
    _broken(
        "invalid",
        "A line of the policy has an equals sign in place of the colon.",
        "version: STSv1\r\nmode: enforce\r\nmx = mx1.{domain}\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "version",
        "The policy is of a version that does not exist.",
        "version: STSv2\r\nmode: enforce\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "mode-missing",
        "The policy has no mode.",
        "version: STSv1\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "mode-invalid",
        "The mode is written with a capital letter.",
        "version: STSv1\r\nmode: Enforce\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "max-age-missing",
        "The policy has no max_age.",
        "version: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}\r\n",
    ),
    _broken(
        "max-age-invalid",
        "The max_age is given in weeks.",
        "version: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}\r\nmax_age: 1w\r\n",
    ),
    _broken(
        "mx-missing",
        "The policy names no MX host.",
        "version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "mx-invalid",
        "Two hosts stand on one mx line.",
        "version: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}, mx2.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "encoding",
        "The policy begins with a byte order mark, as some editors write it.",
        "\ufeffversion: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n",
    ),
    _broken(
        "not-a-policy",
        "The web server answers every path with its home page, as text/plain.",
        "<!doctype html>\r\n<html><head><title>Welcome</title></head><body>It works</body></html>\r\n",
    ),
    Domain(
        name="policy-not-a-policy-rtf.example",
        shows="The policy was saved as rich text.",
        verdict="broken",
        codes={"policy-not-a-policy": "error"},
        policy=Policy(
            body="{\\rtf1\\ansi\\f0 version: STSv1\\line mode: enforce\\line mx: mx1.{domain}\\line max_age: 604800}"
        ),
    ),
    Domain(
        name="policy-line-ending-carriage-return.example",
        shows="The lines end with a carriage return alone.",
        verdict="broken",
        codes={"policy-line-ending": "error", "policy-invalid": "error"},
        policy=Policy(end="\r"),
    ),
)

_BENT = (
    Domain(
        name="policy-line-ending.example",
        shows="The lines end with LF, which senders accept.",
        verdict="secure",
        codes={"policy-line-ending": "notice"},
        policy=Policy(end="\n"),
    ),
    Domain(
        name="policy-line-ending-blank.example",
        shows="A blank line stands in the policy; some senders refuse it (DEC-02).",
        verdict="secure",
        codes={"policy-line-ending": "warning"},
        policy=Policy(more=("", "x-note: after a blank line")),
    ),
    Domain(
        name="policy-duplicate-field.example",
        shows="The policy gives its mode twice; the first counts.",
        verdict="secure",
        codes={"policy-duplicate-field": "warning"},
        policy=Policy(more=("mode: none",)),
    ),
    Domain(
        name="policy-max-age-invalid-clamped.example",
        shows="The max_age is above the cap of a year; senders take the cap (DEC-09).",
        verdict="secure",
        codes={"policy-max-age-invalid": "warning"},
        policy=Policy(max_age=99_999_999),
    ),
    Domain(
        name="policy-max-age-short.example",
        shows="Senders forget the policy after an hour.",
        verdict="secure",
        codes={"policy-max-age-short": "warning"},
        policy=Policy(max_age=3_600),
    ),
    Domain(
        name="policy-max-age-short-days.example",
        shows="Senders forget the policy after two days.",
        verdict="secure",
        codes={"policy-max-age-short": "notice"},
        policy=Policy(max_age=172_800),
    ),
)

_PATTERNS = (
    Domain(
        name="policy-mx-unused.example",
        shows="The policy names a backup host that DNS does not.",
        verdict="secure",
        codes={"policy-mx-unused": "notice"},
        policy=Policy(mx=("mx1.{domain}", "backup.{domain}")),
    ),
    Domain(
        name="policy-wildcard-broad.example",
        shows="The pattern covers every name of the domain, so that any host with a certificate there may be MX.",
        verdict="secure",
        codes={"policy-wildcard-broad": "warning"},
        policy=Policy(mx=("*.{domain}",)),
    ),
    Domain(
        name="policy-wildcard-depth.example",
        shows="One MX host lies a label deeper than the wildcard reaches.",
        verdict="broken",
        codes={"policy-wildcard-depth": "error", "mx-not-in-policy": "error"},
        policy=Policy(mx=("*.mail.{domain}",)),
        mx=(Mx(host="mx1.mail"), Mx(host="mx1.south.mail", preference=20)),
    ),
)

ROWS = _BROKEN + _BENT + _PATTERNS
