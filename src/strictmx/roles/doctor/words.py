"""The words of `doctor`: every case of every check, in the order in which they are told.

A message is one sentence of fact and one of consequence, for somebody in the first hour; a mend is the one thing to do.
"""

from __future__ import annotations

from strictmx.findings.catalogue.dns import STATUS_WORDS
from strictmx.findings.observation import LookupStatus
from strictmx.roles.doctor.result import Said, State

# Why something was not tested
NO_CONFIGURATION = "the configuration cannot be used (see `configuration`)"
NO_DNS = "no name server gives answers (see `dns`)"
NO_ADDRESS = "none of its hosts has an address"
NO_HTTPS = "there was no HTTPS answer (see `https`)"
NO_DATE = "no HTTPS answer told the time"
CUT_SHORT = "the look at this installation ended before"
UNTESTED = Said(State.UNKNOWN, "Not tested: {why}.")

PORT_OPEN = Said(State.WORKS, "SMTP servers can be reached: {hosts} answered.")
PORT_BLOCKED = Said(
    State.BROKEN,
    "Port {port} is blocked from here: {hosts} were not reached. `check` cannot see the TLS of MX hosts, and no mail "
    "goes out from here.",
    "Ask the provider of this network or machine to open outgoing TCP port {port} (many do on request), or run "
    "strictmx where it is open.",
)
PORT_REFUSED = Said(
    State.WARNING,
    "{hosts} refused the connection to port {port}. They hardly ever do, so a firewall may answer in their place; then "
    "`check` blames the domains for it.",
    "Look for a rule that rejects port {port} (`nft list ruleset`), or ask the provider of this network.",
)
PORT_SILENT = Said(
    State.BROKEN,
    "Port {port} takes connections, but {hosts} did not say a word of SMTP. Something on the way holds the sessions "
    "up, so `check` finds no MX host that works.",
    "Ask the provider of this network to let SMTP through on TCP port {port}, or run strictmx elsewhere.",
)
PORT_STRIPPED = Said(
    State.BROKEN,
    "{hosts} offer STARTTLS to everybody, and not to this machine: something on the way takes it out. `check` reports "
    "every MX host without TLS, and mail from here travels in clear.",
    "Switch off SMTP inspection (`smtp fixup`, mail protection) in the firewall between here and the internet.",
)

FAMILY_WORKS = Said(State.WORKS, "The {family} internet can be reached.")
FAMILY_ROUTED = Said(State.WORKS, "This machine has a route to the {family} internet; more could not be told.")
IPV6_MISSING = Said(
    State.WARNING,
    "This machine has no route to the IPv6 internet. Mail works without; `check` says of IPv6 addresses that they were "
    "not tested.",
    "Nothing needs doing. To have them tested, ask the provider for IPv6.",
)
IPV4_MISSING = Said(
    State.WARNING,
    "This machine has no route to the IPv4 internet. Most MX hosts have no other address, so they cannot be tested "
    "or reached.",
    "Ask the provider for an IPv4 address or for NAT64.",
)
FAMILY_BLOCKED = Said(
    State.WARNING,
    "This machine has a route to the {family} internet, but port {port} is open over {other} only: {family} addresses "
    "of MX hosts seem dead from here.",
    "Ask the provider to open outgoing TCP port {port} for {family}, too.",
)

DNS_WORKS = Said(State.WORKS, "Names are resolved by {servers} ({source}).")
DNS_PARTLY = Said(
    State.WARNING,
    "No answers come from {failing} ({status}); they do from {servers}. Whatever is asked may have to wait for that.",
    "Take {failing} out of {source}.",
)
DNS_OFFLINE = Said(
    State.BROKEN,
    "This machine has no route to the internet, and no name server gives answers. Nothing outside can be reached.",
    "Connect this machine to the network: `ip route` must show a default route.",
)
DNS_BROKEN = Said(
    State.BROKEN,
    "No name server gives answers: {failing} ({status}; {source}). Nothing outside can be found.",
    "Install a resolver of your own (`apt-get install unbound`) and set "
    '`nameservers = ["127.0.0.1:53"]` in `[internet]` of {configuration}, or name there a server that answers.',
)
DNS_LOCAL = Said(
    State.BROKEN,
    "The name servers answer, but for names of their own network only: {failing} ({source}) says that public names do "
    "not exist. Nothing outside can be found, and `check` takes every domain for one that does not exist.",
    'Name a resolver that knows the internet: `nameservers = ["ADDRESS:53"]` in `[internet]` of {configuration}; '
    "`apt-get install unbound` makes one at 127.0.0.1:53 where this network lets it out.",
)

DNS_BROKEN_HERE = Said(
    State.BROKEN,
    "No name server gives answers: {failing} ({status}; {source}). Nothing outside can be found.",
    "It is on this machine: start it (`systemctl restart unbound`), or name another: `nameservers` in `[internet]` of "
    "{configuration}.",
)
STATUS = STATUS_WORDS | {  # `{status}`
    LookupStatus.TIMEOUT: "no answer",
    LookupStatus.NXDOMAIN: "it knows no public name",
}

# `{dane}`: what follows when answers are not known to be validated
DANE_OFF = "DANE is off, here and in `check`"
DANE_PARTLY = "DANE is off whenever it is the one that answers"
_UNBOUND = (
    "Run a validating resolver on this machine: `apt-get install unbound`, and in {configuration} below `[internet]`: "
    '`nameservers = ["127.0.0.1:53"]`'
)
DNSSEC_WORKS = Said(State.WORKS, "DNSSEC is validated by {servers}.")
DNSSEC_UNCLEAR = Said(
    State.UNKNOWN,
    "Not tested: {servers} gave no answers for {names}. Whether DANE can be relied upon here is not known.",
    "Run `strictmx doctor` again in some minutes.",
)
DNSSEC_LIES = Said(
    State.BROKEN,
    "Answers of {servers} claim to be validated, but there are answers for {names}, too, which are signed wrongly on "
    "purpose. Forged records would be believed.",
    _UNBOUND,
)
DNSSEC_ALL_BOGUS = Said(
    State.BROKEN,
    "Every signed name is refused by {servers}, good ones like {names} included. No mail can be sent to signed "
    "domains.",
    "Set the clock of the machine that it runs on (`timedatectl set-ntp true`), then renew its trust anchor "
    "(`unbound-anchor`) and restart it.",
)
DNSSEC_OFF = Said(
    State.WARNING,
    "DNSSEC is not validated by {servers}: there are answers for {names}, which are signed wrongly on purpose. {dane}.",
    _UNBOUND,
)
DNSSEC_HIDDEN = Said(
    State.WARNING,
    "Wrongly signed names are refused by {servers}, but good answers do not say that they were validated (no AD bit). "
    "{dane}.",
    _UNBOUND,
)
DNSSEC_STUB = Said(
    State.WARNING,
    "DNSSEC seems to be validated by {servers}, but that is systemd-resolved: its AD bit may be that of any server "
    "behind it, so it is not believed. {dane}.",
    _UNBOUND,
)
DNSSEC_FAR = Said(
    State.WARNING,
    "DNSSEC is validated by {servers}, but not on this machine: whoever is on the way could forge the AD bit, so it is "
    "not believed. {dane}.",
    _UNBOUND + "\nOr, if nobody can reach into the network between: `validating = [{hosts}]`",
)

HTTPS_WORKS = Said(State.WORKS, "HTTPS works: {hosts} answered.")
HTTPS_BROKEN = Said(
    State.BROKEN,
    "HTTPS does not work: {hosts} gave no answer on port {port}. Policies cannot be fetched, so MTA-STS is off.",
    "Open outgoing TCP port {port} for this machine; strictmx goes there directly and uses no proxy.",
)

CLOCK_UNCLEAR = Said(
    State.UNKNOWN, "Not tested: {hosts} tell different times.", "Compare `date -u` with a clock you trust."
)
CLOCK_WORKS = Said(State.WORKS, "The clock agrees with {hosts}.")
_SET_CLOCK = "Set it by the network: `timedatectl set-ntp true`, or `apt-get install chrony`."
CLOCK_AHEAD = Said(
    State.BROKEN,
    "The clock is {distance} ahead, says {hosts}. Certificates and DNSSEC signatures that are good count as expired.",
    _SET_CLOCK,
)
CLOCK_BEHIND = Said(
    State.BROKEN,
    "The clock is {distance} behind, says {hosts}. New certificates and DNSSEC signatures count as not yet valid, and "
    "expired ones as good.",
    _SET_CLOCK,
)

NO_REVOCATION = "Revocation (OCSP, CRL) is not checked."  # STS-53
TRUST_WORKS = Said(State.WORKS, f"Root certificates from {{source}}: {{count}}. {NO_REVOCATION}")
TRUST_SYSTEM = "the system"
TRUST_EMPTY = Said(
    State.BROKEN,
    "The trust store cannot be used: {reason}. `check` does not run without one.",
    "Name a PEM file with root certificates as `trust` in {configuration} below `[internet]`, or take that line out.",
)
TRUST_NOT_INSTALLED = Said(
    State.BROKEN,
    "This system has no root certificates. `check` does not run without them.",
    "`apt-get install ca-certificates`",
)
TRUST_NO_ROOT = "it holds no root certificate"
TRUST_FOREIGN = Said(
    State.BROKEN,
    "Of the root certificates from {source} ({count}) none stands behind {hosts}. Either roots are missing, or "
    "something on the way opens TLS; `check` takes good certificates for untrusted.",
    "See who issued the certificate: `openssl s_client -connect {host}:{port} </dev/null | head`; add that root as "
    "`trust_extra` only if it is your own proxy.",
)

CONFIGURATION_READ = Said(State.WORKS, "{path} is in order.")
CONFIGURATION_NONE = Said(State.WORKS, "There is no configuration file; built-in defaults hold.")
CONFIGURATION_BROKEN = Said(
    State.BROKEN,
    "{path} cannot be used: {count}.",
    "Correct this:\n{lines}",
)
CONFIGURATION_UNREADABLE = Said(
    State.BROKEN,
    "{path} {fault}.",
    "Put a configuration there that user {user} can read, or name another: `--config FILE`.",
)
FAULTS, ONE_FAULT, LINE = "{count} faults", "one fault", "line {line}"

DATA_WORKS = Said(State.WORKS, "{path} can be written by user {user}.")
DATA_TO_COME = Said(State.WORKS, "{path} can be made by user {user}, once something is stored.")
_DATA_MESSAGE = "User {user} cannot write the data directory {path}: {problem}. {consequence}"
_DATA_MEND = '`install -d -o {user} -m 0750 {path}` as root, or `data = "DIRECTORY"` in {configuration} below `[store]`'
DATA_BROKEN = Said(State.BROKEN, _DATA_MESSAGE, _DATA_MEND)
DATA_WARNING = Said(State.WARNING, _DATA_MESSAGE, _DATA_MEND)
_HOMELESS = "User {user} has no home directory, so there is no data directory. {consequence}"
_NAME_DATA = '`data = "DIRECTORY"` in {configuration} below `[store]`'
DATA_BROKEN_HOMELESS = Said(State.BROKEN, _HOMELESS, _NAME_DATA)
DATA_WARNING_HOMELESS = Said(State.WARNING, _HOMELESS, _NAME_DATA)
DATA_NEEDED = "What this configuration asks for needs it."
DATA_NOT_NEEDED = "`check`, `policy`, `records` and `lab` do without."

FILES_NONE = Said(State.WORKS, "The configuration names no files and sockets.")
FILES_WORK = Said(State.WORKS, "All files that the configuration names can be used by user {user}: {keys}.")
FILE_BROKEN = Said(
    State.BROKEN,
    "User {user} cannot read {path}, which `{key}` names: {problem}.",
    "Put it there and let user {user} read it, or correct `{key}` in {configuration}.",
)
SOCKET_BROKEN = Said(
    State.BROKEN,
    "User {user} cannot make the socket {path}, which `{key}` names: {problem}.",
    "Name a socket in a folder of that user, made as root by `install -d -o {user} -m 0755 /run/strictmx`, as `{key}` "
    "in {configuration}.",
)
FILE_SHARED = Said(
    State.WARNING,
    "Everybody on this machine can read {path}, which `{key}` names and which holds a secret.",
    "`chmod o= {path}`, once user {user} or one of its groups owns the file.",
)

OPEN_FILES_WORK = Said(State.WORKS, "This process may open {limit} files.")
OPEN_FILES_FEW = Said(
    State.BROKEN,
    "This process may open {limit} files. `check` needs {least} and does not run.",
    "`ulimit -n 4096`, as root if need be; in a unit of systemd `LimitNOFILE=4096`",
)

PROGRAM_WORKS = Said(State.WORKS, "{versions}.")
PROGRAM_NO_OLD_TLS = Said(
    State.WARNING,
    "{versions}. This OpenSSL lacks TLS 1.0 and 1.1: `check` says `tls-failed` where it would say `tls-too-old`.",
    "Nothing needs doing, unless that matters: then take a Python whose OpenSSL has them, such as Debian's.",
)

EXTRAS_WORK = Said(State.WORKS, "Optional parts that are installed: {installed}; that are not: {missing}.")
NONE = "none"
