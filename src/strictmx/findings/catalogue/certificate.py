"""Parts of sentences about certificates that the findings of policy hosts and MX hosts share."""

from __future__ import annotations

# Whose certificate it is, where it is not the host's own.
TRUST_ANCHOR = "the trust anchor {subject}, on which {host} rests,"
INTERMEDIATE = "the intermediate {subject}, on which {host} rests,"
NO_NAME = "no name at all"
