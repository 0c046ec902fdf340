"""The configuration: what is taken, what is refused and how it is told, and which file is read."""

from __future__ import annotations

import os
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.config import (
    CertificateDirectory,
    CertificateFiles,
    Challenge,
    ConfigError,
    Endpoint,
    Fault,
    Internet,
    LogFormat,
    Settings,
    UnixSocket,
    find,
    parse,
    reference,
)
from strictmx.config import settings as reading

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = Path("/etc/mx/strictmx.toml")


def read(text: str) -> Settings:
    return parse(text, FILE)


TAKEN: list[tuple[str, Callable[[Settings], object], object]] = [
    ("", lambda s: s.internet, Internet()),
    ("", lambda s: s.internet.timeout, 10.0),
    ("", lambda s: s.enforce.socketmap, ()),
    ("", lambda s: s.receive.tls, None),
    ("", lambda s: s.store.keep.history, timedelta(days=1825)),
    ("", lambda s: s.path, FILE),
    (
        '[internet]\nnameservers = ["127.0.0.1:5353", "192.0.2.1", "::1", "[2001:db8::1]:54"]',
        lambda s: s.internet.nameservers,
        (Endpoint("127.0.0.1", 5353), Endpoint("192.0.2.1", 53), Endpoint("::1", 53), Endpoint("2001:db8::1", 54)),
    ),
    ('[internet]\ntimeout = "1.5m"', lambda s: s.internet.timeout, 90.0),
    ('[internet]\ntrust = "ca.pem"', lambda s: s.internet.trust, "/etc/mx/ca.pem"),
    ('[internet]\ntrust = "/ca.pem"', lambda s: s.internet.trust, "/ca.pem"),
    ('[internet]\ntrust_extra = ["a.pem"]', lambda s: s.internet.trust_extra, ("/etc/mx/a.pem",)),
    ('[internet]\nvalidating = ["2001:DB8::1"]', lambda s: s.internet.validating, ("2001:db8::1",)),
    ('internet.helo = "MX.Example.com."', lambda s: s.internet.helo, "mx.example.com"),
    ('internet = {https_port = 8443, "smtp_port" = 2525}', lambda s: s.internet.https_port, 8443),
    ('[store.keep]\naside = "1w"', lambda s: s.store.keep.aside, timedelta(weeks=1)),
    ('[store]\nurl = "postgresql://u:p@h/db"', lambda s: s.store.url, "postgresql://u:p@h/db"),
    ('[enforce]\nsocketmap = ["unix:run/s"]', lambda s: s.enforce.socketmap, (UnixSocket(Path("/etc/mx/run/s")),)),
    ('[enforce]\nsocketmap = ["127.0.0.1:0"]', lambda s: s.enforce.socketmap, (Endpoint("127.0.0.1", 0),)),
    ('[enforce]\nsocket_mode = "0600"', lambda s: s.enforce.socket_mode, 0o600),
    ('[report]\nfrom = "tlsrpt@example.com"', lambda s: s.report.sender, "tlsrpt@example.com"),
    ('[report]\nnot_before = "01:30"', lambda s: s.report.not_before, time(1, 30)),
    ('[report]\nsmarthost = "mail.example:25"', lambda s: s.report.smarthost, Endpoint("mail.example", 25)),
    ('[receive]\ndomains = ["bücher.example"]', lambda s: s.receive.domains, ("xn--bcher-kva.example",)),
    ('[receive]\ntls = "acme"', lambda s: s.receive.tls, "acme"),
    (
        '[receive]\ntls = {certificate = "c", key = "/k"}',
        lambda s: s.receive.tls,
        CertificateFiles(Path("/etc/mx/c"), Path("/k")),
    ),
    ('[receive.imap]\nurl = "imaps://u@h/INBOX"\npassword_file = "p"', lambda s: s.receive.imap is None, False),
    (
        '[publish]\ncertificates = {directory = "live"}',
        lambda s: s.publish.certificates,
        CertificateDirectory(Path("/etc/mx/live")),
    ),
    ('[publish.acme]\nchallenge = "dns-01"', lambda s: s.publish.acme.challenge, Challenge.DNS),
    ('[web]\nmetrics_from = ["10.0.0.0/8"]', lambda s: s.web.metrics_from, (ip_network("10.0.0.0/8"),)),
    ('[log]\nformat = "json"', lambda s: s.log.format, LogFormat.JSON),
]


@pytest.mark.parametrize(("text", "part", "value"), TAKEN)
def test_taken(text: str, part: Callable[[Settings], object], value: object) -> None:
    assert part(read(text)) == value


REFUSED: list[tuple[str, str]] = [  # the text; what the message holds after the name of the file
    ("[intrnet]", ":1: intrnet: unknown section, did you mean internet? (allowed: internet, store,"),
    ("[zzzzzzz]", ":1: zzzzzzz: unknown section (allowed:"),
    ("web = 5", ":1: web: is a section: write [web] and its keys below"),
    ("[[web]]", ":1: web: is a section: write [web] and its keys below"),
    (
        "\n[enforce]\nsocket_map = []",
        ":3: enforce.socket_map: unknown key, did you mean socketmap? (allowed: socketmap",
    ),
    ("internet.https-port = 1", ":1: internet.https-port: unknown key, did you mean https_port?"),
    ("[internet]\nhttps_port = 0", ":2: internet.https_port: 0 is not allowed (a whole number, 1 to 65535)"),
    ("[internet]\nhttps_port = 65536", ":2: internet.https_port: 65536 is not allowed"),
    ("[internet]\nhttps_port = true", ":2: internet.https_port: true is not allowed"),
    ('[internet]\nhttps_port = "443"', ':2: internet.https_port: "443" is not allowed'),
    (
        "[internet]\nallow_private_addresses = 1",
        ":2: internet.allow_private_addresses: 1 is not allowed (true or false)",
    ),
    (
        '[internet]\nnameservers = "127.0.0.1"',
        ':2: internet.nameservers: "127.0.0.1" is not allowed (a list, each an IP',
    ),
    ('[internet]\nnameservers = [\n"dns.example"\n]', ':3: internet.nameservers[0]: "dns.example" is not allowed'),
    ('[internet]\nnameservers = ["::1:53:x"]', ":2: internet.nameservers[0]: "),
    ('[internet]\nnameservers = ["127.0.0.1:0"]', ":2: internet.nameservers[0]: "),
    ('[internet]\nvalidating = ["127.0.0.1:53"]', ":2: internet.validating[0]: "),
    ('[internet]\ntimeout = "10"', ':2: internet.timeout: "10" is not allowed (a number with s, m, h, d, w or y'),
    ('[internet]\ntimeout = "0s"', ":2: internet.timeout: "),
    ('[internet]\ntimeout = "-1s"', ":2: internet.timeout: "),
    ('[internet]\ntimeout = "1e3s"', ":2: internet.timeout: "),
    ('[internet]\ntimeout = "101y"', ":2: internet.timeout: "),
    ('[internet]\ntimeout = "\\u0661s"', ":2: internet.timeout: "),  # an Arabic digit is no digit here
    ("[internet]\ntimeout = 10", ":2: internet.timeout: 10 is not allowed"),
    ('[internet]\ntrust = ""', ':2: internet.trust: "" is not allowed ("system" or a PEM file)'),
    ('[internet]\nhelo = "-"', ":2: internet.helo: "),
    ('[internet]\nhelo = "a\\u0000b"', ':2: internet.helo: "a\\x00b" is not allowed'),
    ('[internet]\nhelo = "\\u001b[31m\\u202e"', ':2: internet.helo: "\\x1b[31m\\u202e" is not allowed'),
    ('[store]\nurl = "mysql://h/db"', ":2: store.url: this value is not allowed (sqlite:// and an absolute path"),
    ('[store]\nurl = "sqlite://x.db"', ":2: store.url: "),
    ("[store.keep]\nreport = '1d'", ":2: store.keep.report: unknown key, did you mean reports?"),
    ("[enforce]\nworkers = 65", ":2: enforce.workers: 65 is not allowed (a whole number of processes, 1 to 64)"),
    ('[enforce]\nsocket_mode = "888"', ":2: enforce.socket_mode: "),
    ("[enforce]\nsocket_mode = 0o660", ":2: enforce.socket_mode: 432 is not allowed"),
    ('[enforce]\nsocketmap = ["unix:"]', ":2: enforce.socketmap[0]: "),
    ('[enforce]\nsocketmap = ["unix:/' + "x" * 120 + '"]', ":2: enforce.socketmap[0]: "),
    ('[enforce]\nsocketmap = ["8461"]', ":2: enforce.socketmap[0]: "),
    ('[report]\nnot_before = "24:00"', ':2: report.not_before: "24:00" is not allowed (a time of day'),
    ('[report]\ncontact = "postmaster@example.com"', ":2: report.contact: "),
    ('[report]\nfrom = "a@b@c"', ":2: report.from: "),
    ('[report]\nsender = "a@b.example"', ":2: report.sender: unknown key"),
    ('[receive]\ntls = "letsencrypt"', ':2: receive.tls: "letsencrypt" is not allowed ("acme" or a table with cert'),
    ('[receive]\ntls = {certificate = "c"}', ":2: receive.tls: key is missing (a path"),
    ('[receive]\nimap = {url = "imaps://u:p@h/INBOX"}', ":2: receive.imap.url: "),
    ('[receive]\nimap = {url = "https://u@h/INBOX"}', ":2: receive.imap.url: "),
    (
        '[receive.imap]\nurl = "imaps://u@h"\npassword = "a"\npassword_file = "b"',
        ":3: receive.imap.password: stands here",
    ),
    ('[receive]\ntrusted_proxies = ["10.0.0.1/8"]', ":2: receive.trusted_proxies[0]: "),
    ('[publish.acme]\ndirectory = "http://ca.example/"', ":2: publish.acme.directory: "),
    ('[publish.acme]\nchallenge = "dns-1"', ':2: publish.acme.challenge: "dns-1" is not allowed, did you mean dns-01?'),
    ('[web]\nurl = "https:///"', ":2: web.url: "),
    ('[web]\nurl = "https://[::1"', ":2: web.url: "),
    ('[alerts]\nurls = ["mailto:x"]', ":2: alerts.urls: this value is not allowed (a list, each a URL)"),
    ('[log]\nlevel = "Info"', ':2: log.level: "Info" is not allowed, did you mean info? (one of "debug"'),
    ("[web]\nlisten", ":2: no TOML: "),
    ("[web\n", ":1: no TOML: "),
    ("a = 1\na = 2", ":2: no TOML: "),
    ("a = [", ":1: no TOML: "),
    ("a = " + "[" * 5_000, ": brackets are nested too deep"),
    ("a = " + "9" * 5_000, ": a number is too long"),
    ("x = 1\n" + "a." * 5_000 + "a = 1", ":2: a key has more than 8 parts"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert f"{FILE}{message}" in str(caught.value)
    assert str(caught.value).isprintable()  # one line, nothing that steers a terminal


def test_all_faults_at_once_in_the_order_of_the_file() -> None:
    text = '[log]\nlevel = 1\n[web]\nlisten = "x"\nurls = 1\n[internet]\nnameservers = ["x", "127.0.0.1", 5]\n'
    with pytest.raises(ConfigError) as caught:
        read(text)
    told = [(fault.line, fault.key) for fault in caught.value.faults]
    assert told == [
        (2, "log.level"),
        (4, "web.listen"),
        (5, "web.urls"),
        (7, "internet.nameservers[0]"),
        (7, "internet.nameservers[2]"),
    ]
    assert len(str(caught.value).splitlines()) == len(told)


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        read('[store]\nurl = "mysql://u:hunter2@h/db"\n[alerts]\nurls = ["https//hunter2"]')
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_not_shown() -> None:
    text = '[store]\nurl = "postgresql://u:hunter2@h/db"\n[alerts]\nurls = ["https://hunter2"]\n'
    text += '[receive.imap]\nurl = "imaps://u@h"\npassword = "hunter2"\n'
    text += '[publish.dns_update]\nserver = "127.0.0.1:53"\nkey = "k:hunter2"\n'
    assert "hunter2" not in repr(read(text))


SECRETS = [
    ('[alerts]\nurls = ["https://hooks.example/T0KEN"]', "alerts.urls", 2),
    ('[store]\n\nurl = "postgresql://u:p@h/db"', "store.url", 3),
    ('[store]\nurl = "postgresql:///db?user=u&password=p"', "store.url", 2),
    ('[receive.imap]\nurl = "imaps://u@h"\npassword = "p"', "receive.imap.password", 3),
    ('[publish]\ndns_update = {server = "127.0.0.1:53", key = "k:s"}', "publish.dns_update.key", 2),
]


@pytest.mark.parametrize(("text", "key", "line"), SECRETS)
def test_a_secret_that_everybody_can_read_is_refused(text: str, key: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "strictmx.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        Settings.load(path)
    assert str(caught.value) == f"{path}:{line}: {key}: is a secret in a file that everybody can read: chmod o-r {path}"
    path.chmod(0o640)
    assert Settings.load(path).path == path


NO_SECRETS = [
    '[alerts]\nurls_file = "urls"',
    '[store]\nurl = "postgresql://u@h/db"',
    '[receive.imap]\nurl = "imaps://u@h"\npassword_file = "p"',
    '[publish]\ndns_update = {server = "127.0.0.1:53", key_file = "k"}',
    "",
]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_a_file_without_secrets_may_be_read_by_everybody(text: str, tmp_path: Path) -> None:
    path = tmp_path / "strictmx.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    assert Settings.load(str(path)) == parse(text, path)


UNREADABLE = [
    (b"[log]\n\xff", ":2: no TOML: it is not UTF-8"),
    (b"#" * (reading.CONFIGURATION_BYTES + 1), ": is longer than 1048576 bytes"),
]


@pytest.mark.parametrize(("data", "message"), UNREADABLE, ids=["encoding", "size"])
def test_bytes_that_are_no_configuration(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "strictmx.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        Settings.load(path)
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.toml", ": cannot be read: No such file"), ("", ": cannot be read: Is a dir"), ("\0", ": is no name")],
)
def test_files_that_cannot_be_read(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(tmp_path / name)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_relative_paths_count_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strictmx.toml").write_text('[internet]\ntrust = "ca.pem"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert Settings.load("strictmx.toml").internet.trust == os.fspath(tmp_path / "ca.pem")


def test_messages_name_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strictmx.toml").write_text("[lok]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"\Astrictmx\.toml:1: lok: unknown section, did you mean log\?"):
        Settings.load("strictmx.toml")


def test_which_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "system.toml"
    monkeypatch.setattr(reading, "SYSTEM_FILE", system)
    assert find(None, {}) is None
    system.touch()
    assert find(None, {}) == system
    assert find(None, {"STRICTMX_CONFIG": ""}) == system
    assert find(None, {"STRICTMX_CONFIG": "b.toml"}) == Path("b.toml")
    assert find("a.toml", {"STRICTMX_CONFIG": "b.toml"}) == Path("a.toml")


def test_a_system_file_that_cannot_be_looked_at_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop of links stands for a folder that is closed to this user, which no folder is to root."""
    system = tmp_path / "strictmx.toml"
    system.symlink_to(system)
    monkeypatch.setattr(reading, "SYSTEM_FILE", system)
    assert find(None, {}) == system
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load(system)


def test_the_reference_holds_every_key_with_a_text() -> None:
    rows = {f"{row.section}.{row.key}": row for row in reference()}
    assert rows["internet.timeout"].default == '"10s"'
    assert rows["report.from"].default == ""
    assert rows["store.keep.history"].default == '"5y"'
    assert rows["receive.tls.certificate"].allowed.startswith("a path")
    assert all(row.text.endswith(".") and row.allowed for row in rows.values())


def test_the_defaults_of_the_reference_are_the_defaults() -> None:
    text = "".join(
        f"{row.section}.{row.key} = {row.default}\n" for row in reference() if row.default and row.default != "{}"
    )
    text = "\n".join(line for line in text.splitlines() if "imap" not in line and "dns_update" not in line)
    assert read(text) == parse("", FILE)


def test_a_setting_is_one_value() -> None:
    assert Settings() == Settings()
    assert hash(Settings()) == hash(Settings())


_PIECES = ["[internet]", "[store]\n", "nameservers", "url", "keep", " = ", "{", "}", "[", "]", '"', "'", "\n", ".", "1",
           "s", "https://", "unix:", "\\u0000", "ü", "#", "[[", "tls", "certificate", "::1", ":53", ","]  # fmt: skip


def faults(text: str) -> tuple[Fault, ...]:
    """What is wrong with a text; any other error than ConfigError rises."""
    try:
        read(text)
    except ConfigError as error:
        return error.faults
    return ()


def is_one_line(fault: Fault) -> bool:
    return (fault.key + fault.text).isprintable()


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join) | st.text(max_size=80))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    assert all(map(is_one_line, faults(text)))


_KEYS = sorted({(row.section, row.key) for row in reference()})
_ANY = st.recursive(
    st.one_of(st.text(alphabet="ab:/@.[]1%s?=\\u202e\x00", max_size=12), st.integers(), st.booleans(), st.floats()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "key", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def _as_toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + "".join(f"\\u{ord(c):04x}" for c in value) + '"'
        case list():
            return "[" + ", ".join(map(_as_toml, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{name} = {_as_toml(each)}" for name, each in value.items()) + "}"
        case _:
            return str(value)


@given(st.sampled_from(_KEYS), _ANY)
def test_any_value_is_taken_or_told_with_its_line(key: tuple[str, str], value: object) -> None:
    found = faults(f"\n{key[0]}.{key[1]} = {_as_toml(value)}")
    assert all(fault.line == 2 and is_one_line(fault) for fault in found)
