"""`check` against Postfix, nginx and a validating unbound: each fault is found, and only that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.laboratory import command
from tests.real.domains import DOMAINS, Domain
from tests.real.servers import SITES
from tests.real.world import World

pytestmark = pytest.mark.real

Answers = dict[str, Any]


@pytest.fixture(scope="module")
def answers(world: World) -> Answers:
    """The document of each domain, by its name, of one run over all."""
    names = world.folder / "ALL"
    names.write_text("".join(f"{domain.name}\n" for domain in DOMAINS), encoding="utf-8")
    ended = world.run(*command("check", "--config", world.config, "--from", str(names), "--jsonl"))
    assert (ended.returncode, ended.stderr) == (1, "")
    return {document["domain"]: document for document in map(json.loads, ended.stdout.splitlines())}


def said(document: dict[str, Any]) -> tuple[str, list[str]]:
    """The verdict, and severity and code of all that is not ok."""
    findings = [f"{finding['severity']} {finding['code']}" for finding in document["findings"]]
    return document["verdict"], sorted(finding for finding in findings if not finding.startswith("ok "))


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_what_is_wrong_is_found_and_only_that(domain: Domain, world: World, answers: Answers) -> None:
    assert said(answers[domain.name]) == (domain.verdict, sorted(domain.findings))


ALONE = [domain for domain in DOMAINS if domain.label.endswith("leaf-alone")]


@pytest.mark.parametrize("domain", ALONE, ids=lambda domain: domain.name)
def test_a_missing_intermediate_is_told_where_no_other_chain_shows_it(domain: Domain, world: World) -> None:
    ended = world.run(*command("check", "--config", world.config, "--json", domain.name))
    assert said(json.loads(ended.stdout)) == (domain.verdict, sorted(domain.findings))


def test_every_address_of_an_mx_host_is_asked(answers: Answers) -> None:
    asked = {
        name: {address["address"] for host in document["mx"] for address in host["addresses"]}
        for name, document in answers.items()
    }
    unknown = {"bogus", "stale"}  # zones that nobody can look into
    assert asked == {
        site.domain.name: {listener.address for listener in site.mx if site.domain.zone not in unknown}
        for site in SITES
    }


@pytest.mark.parametrize(("version", "speaks"), [("tls1_1", True), ("tls1_2", False)])
def test_openssl_agrees_about_tls_1_1(version: str, speaks: bool, world: World) -> None:
    """What was found is no handshake that fails for another reason."""
    sites = {site.domain.label: site for site in SITES}
    targets = [(listener.address, 25) for listener in sites["mx-tls-1-1"].mx]
    targets += [(listener.address, 443) for listener in sites["web-tls-1-1"].web]
    for address, port in targets:
        target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        arguments = ["-connect", target, f"-{version}", "-cipher", "DEFAULT@SECLEVEL=0"]
        ended = world.run("openssl", "s_client", *arguments, *(["-starttls", "smtp"] if port == 25 else []))
        assert (ended.returncode == 0) is speaks, ended.stdout
