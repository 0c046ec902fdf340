"""What senders make of a fault of one MX host: the `{consequence}` of its findings.

`{refusers}` is BY_POLICY, BY_DANE or both, joined by OR.
"""

from __future__ import annotations

BY_POLICY = "enforce your policy"
BY_DANE = "honour DANE"
OR = " or "
REFUSED = "Senders that {refusers} do not deliver to this host; others still do."
REFUSED_LATER = "The policy is in testing mode, so mail still arrives; once it is enforced, senders refuse this host."

# Where no sender refuses.
UNENCRYPTED = "Mail to it travels unencrypted."
WEAKLY_ENCRYPTED = "Mail to it is encrypted so weakly that it can be read."
UNVERIFIED = "Mail still arrives, but no sender can tell this host from an impostor."
LEFT_TO_DANE = "Senders that honour DANE go by its TLSA records instead; others do not look."

# Once a certificate has ended.
REFUSED_THEN = "From then on senders that {refusers} do not deliver to this host."
LEFT_TO_DANE_THEN = "Senders that honour DANE go by its TLSA record and do not mind; others cannot verify it then."
UNVERIFIED_THEN = "From then on no sender can verify this host."
