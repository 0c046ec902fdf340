"""SMTP transport security: MTA-STS, TLS reporting and DANE."""
