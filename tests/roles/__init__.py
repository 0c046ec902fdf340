"""Tests of `strictmx.roles`."""
