from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from strictmx.config import Internet
from strictmx.internet.authorities import REMEMBERED, Authorities
from strictmx.internet.tls import legacy_context, probe_context
from strictmx.internet.trust import TrustError, TrustStore
from tests.certificates import authority, server
from tests.internet.conftest import Pki


def bundle(folder: Path, *parts: bytes) -> str:
    path = folder / "bundle.pem"
    path.write_bytes(b"\n# a comment\n".join(parts))
    return str(path)


def test_a_file_is_split_into_anchors_and_known_issuers(pki: Pki, tmp_path: Path) -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    padding = b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n"
    parts = (broken, pki.root.pem, padding, pki.intermediate.pem, pki.leaf("a.test").pem, pki.root.pem)
    store = TrustStore.load(Internet(trust=bundle(tmp_path, *parts)))
    assert store.anchors == (pki.root.der,)
    assert store.issuers == (pki.intermediate.der,)
    assert store.skipped == 2


def test_extra_anchors_come_on_top(pki: Pki, tmp_path: Path) -> None:
    other = authority("Other Root")
    extra = tmp_path / "extra.pem"
    extra.write_bytes(other.pem)
    store = TrustStore.load(Internet(trust=bundle(tmp_path, pki.root.pem), trust_extra=(str(extra),)))
    assert store.anchors == (pki.root.der, other.der)
    assert store.index.relevant([[pki.intermediate.der]]) == (pki.root.der,)


UNUSABLE = [(None, "No such file"), (b"", "holds no PEM"), (b"-----BEGIN CERTIFICATE-----\n", "holds no PEM")]


@pytest.mark.parametrize(("content", "reason"), UNUSABLE)
def test_a_file_that_is_no_trust_store_is_named(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrustError, match=reason) as caught:
        TrustStore.load(Internet(trust=str(path)))
    assert caught.value.path == str(path)
    with pytest.raises(TrustError, match=r"anchors\.pem"):
        TrustStore.load(Internet(trust_extra=(str(path),)))


def test_the_system_store_honours_openssls_variables(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = tmp_path / "certs"
    hashed.mkdir()
    other = authority("Hashed Root")
    (hashed / "0a1b2c3d.0").write_bytes(other.pem)
    (hashed / "README").write_bytes(authority("Not Named By Hash").pem)
    monkeypatch.setenv("SSL_CERT_FILE", bundle(tmp_path, pki.root.pem))
    monkeypatch.setenv("SSL_CERT_DIR", str(hashed))
    assert TrustStore.load(Internet()).anchors == (pki.root.der, other.der)


def test_a_system_without_roots_is_an_error_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr("strictmx.internet.trust._BUNDLES", ())
    with pytest.raises(TrustError, match="ca-certificates"):
        TrustStore.load(Internet())


def test_the_missing_issuer_is_known_once_another_server_sent_it(pki: Pki) -> None:
    """TLS-05: leaf alone, its intermediate seen elsewhere."""
    leaf, other = pki.leaf("a.test").der, pki.leaf("b.test").der
    known = Authorities(())
    assert known.missing([[leaf]]) == ()
    known.remember([[other, pki.intermediate.der, pki.root.der, other, b"no certificate"]])
    assert len(known) == 1  # roots and servers are no intermediates
    assert known.missing([[leaf]]) == (pki.intermediate.der,)
    assert known.missing([[leaf, pki.intermediate.der]]) == ()


def test_two_missing_issuers_are_both_found(pki: Pki) -> None:
    lower = authority("Lower", pki.intermediate)
    known = Authorities([pki.intermediate.der, lower.der])
    assert known.missing([[server(lower, "a.test").der]]) == (lower.der, pki.intermediate.der)


def test_memory_of_issuers_is_bounded(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.internet.authorities.REMEMBERED", 3)
    known = Authorities(())
    for n in range(6):
        known.remember([[b"", authority(f"Intermediate {n}", pki.root).der]])
    assert len(known) == 3 < REMEMBERED


def test_probe_contexts_take_anything_and_are_made_once() -> None:
    legacy = legacy_context()
    assert probe_context() is probe_context()
    assert probe_context().verify_mode is ssl.CERT_NONE
    assert probe_context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert legacy is not None
    assert legacy.maximum_version is ssl.TLSVersion.TLSv1_1
