"""What is known of the host names of large mail providers, and of names below which anybody can have a host.

Facts of the providers' own manuals, not of DNS, for a file that is judged without looking at its domain. Only what
cannot be otherwise belongs here: a present MX record is the better witness, and whoever knows it asks it first.
"""

from __future__ import annotations

from enum import Enum

from strictmx.standards.names import Name

# Directly below these each customer has host names of its own, so that a wildcard covers everybody's. Providers whose
# customers all share the same MX hosts (Google, Fastmail, Zoho, Mimecast, Rackspace …) are none of these.
_TENANTS = {
    "mail.protection.outlook.com": "Microsoft 365",
    "mail.protection.office365.us": "Microsoft 365",
    "mail.protection.partner.outlook.cn": "Microsoft 365",
    "pphosted.com": "Proofpoint",
    "gslb.pphosted.com": "Proofpoint",
    "ess.barracudanetworks.com": "Barracuda",
    "ess.au.barracudanetworks.com": "Barracuda",
    "ess.ca.barracudanetworks.com": "Barracuda",
    "ess.de.barracudanetworks.com": "Barracuda",
    "ess.in.barracudanetworks.com": "Barracuda",
    "ess.uk.barracudanetworks.com": "Barracuda",
    "in.tmes.trendmicro.com": "Trend Micro",
    "in.tmes.trendmicro.eu": "Trend Micro",
    "in.mailcontrol.com": "Forcepoint",
    "ovh.net": "OVH",  # rented servers, `vps123.ovh.net`
}
_TENANT_ZONES = {"mx.microsoft": "Microsoft 365"}  # as above, one label deeper: TENANT.h-v1.mx.microsoft
_DEEPER = {  # the MX hosts lie more than one label below these, so that a wildcard covers none: provider, such a host
    "mx.microsoft": ("Microsoft 365", "TENANT.h-v1.mx.microsoft"),
    "protection.outlook.com": ("Microsoft 365", "TENANT.mail.protection.outlook.com"),
    "outlook.com": ("Microsoft 365", "TENANT.mail.protection.outlook.com"),
    "barracudanetworks.com": ("Barracuda", "CUSTOMER.ess.barracudanetworks.com"),
    "iphmx.com": ("Cisco", "mx1.CUSTOMER.iphmx.com"),
    "eu.iphmx.com": ("Cisco", "mx1.CUSTOMER.eu.iphmx.com"),
    "messagelabs.com": ("Symantec", "cluster1.eu.messagelabs.com"),
    "mailcontrol.com": ("Forcepoint", "CUSTOMER.in.mailcontrol.com"),
}


class HostRole(Enum):
    """What a host is for that is no MX host of anybody."""

    SUBMISSION = "submission"  # takes mail of its own users only, with a password
    MAILBOX = "mailbox"  # IMAP, POP, webmail
    BOUNCES = "bounces"  # takes what comes back of mail sent through the provider
    CLIENT_SETUP = "client-setup"  # tells mail programs their settings, over HTTPS
    POLICY_HOST = "policy-host"  # serves this file
    NO_DOMAIN = "no-domain"  # one label, of which DNS makes no host of the internet


_SUBMISSION_HOSTS = """
    smtp.gmail.com smtp.googlemail.com smtp-relay.gmail.com smtp.office365.com smtp-mail.outlook.com
    smtp.mail.yahoo.com smtp.aol.com smtp.mail.me.com smtp.fastmail.com smtp.messagingengine.com smtp.migadu.com
    smtp.protonmail.ch smtp.yandex.com smtp.yandex.ru smtp.mail.ru smtp.qq.com smtp.exmail.qq.com smtp.163.com
    smtp.web.de mail.gmx.net mail.gmx.com smtp.ionos.com smtp.ionos.de smtp.ionos.co.uk smtp.strato.de
    smtp.mailbox.org smtp.hostinger.com smtp.titan.email smtp.dreamhost.com mail.privateemail.com secure.emailsrvr.com
    smtpout.secureserver.net ssl0.ovh.net mail.infomaniak.com mail.gandi.net
    smtp.sendgrid.net smtp.mailgun.org smtp.eu.mailgun.org in-v3.mailjet.com smtp.postmarkapp.com
    smtp-relay.brevo.com smtp-relay.sendinblue.com smtp.mandrillapp.com smtp.sparkpostmail.com smtp.resend.com
"""
_SUBMISSION = frozenset(_SUBMISSION_HOSTS.split())
_MAILBOX = frozenset(["outlook.office365.com", "outlook.office.com", "mail.google.com"])
_MAILBOX_LABELS = frozenset(["imap", "imap4", "pop", "pop3"])
_CLIENT_SETUP_LABELS = frozenset(["autodiscover", "autoconfig"])
_ZOHO = {"smtp": HostRole.SUBMISSION, "smtppro": HostRole.SUBMISSION, "imappro": HostRole.MAILBOX}
_ZOHO |= {"mail": HostRole.MAILBOX, "poppro": HostRole.MAILBOX}


def shared_by_tenants(name: Name) -> str:
    """The provider each of whose customers has hosts of its own directly below a name; empty for none known."""
    return _TENANTS.get(name) or _TENANT_ZONES.get(name.parent or "", "")


def hosts_lie_deeper(name: Name) -> tuple[str, str] | None:
    """A provider whose MX hosts all lie more than one label below a name, and the form of such a host."""
    return _DEEPER.get(name)


def host_role(name: Name) -> HostRole | None:
    """What a host is for that surely is no MX host; None for all others."""
    label, _, rest = name.partition(".")
    if not rest:
        return HostRole.NO_DOMAIN
    if label == "mta-sts":
        return HostRole.POLICY_HOST
    if label in _CLIENT_SETUP_LABELS:
        return HostRole.CLIENT_SETUP
    if name in _MAILBOX or label in _MAILBOX_LABELS:
        return HostRole.MAILBOX
    if name in _SUBMISSION or (label == "email-smtp" and rest.endswith(".amazonaws.com")):
        return HostRole.SUBMISSION
    if label == "feedback-smtp" and rest.endswith(".amazonses.com"):
        return HostRole.BOUNCES
    return _ZOHO.get(label) if rest.startswith("zoho.") else None
