"""Whom `doctor` asks: the only public names in strictmx. Each kind is there twice or more, since one may be down.

The laboratory answers for all of them, so that `doctor` runs without a network, too.
"""

from __future__ import annotations

SIGNED = ("isc.org", "nlnetlabs.nl")  # zones of people who write validating resolvers: a validator sets AD
BOGUS = ("dnssec-failed.org", "rhybar.cz")  # signed wrongly on purpose, for years: a validator answers SERVFAIL
MX_HOSTS = ("gmail-smtp-in.l.google.com", "outlook-com.olc.protection.outlook.com", "mx00.gmx.net")
POLICY_HOSTS = ("mta-sts.gmail.com", "mta-sts.outlook.com")  # for HTTPS, the time, and certificates of public roots

# Addresses of a root name server, to see whether there is a route; nothing is sent to them.
FAR_IPV4, FAR_IPV6 = "198.41.0.4", "2001:503:ba3e::2:30"
