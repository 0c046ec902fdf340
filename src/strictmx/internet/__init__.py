"""The outside world, thin: look-ups, one HTTPS fetch, SMTP sessions, and the observation of a domain made of them."""
