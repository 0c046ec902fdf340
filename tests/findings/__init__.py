"""Tests of `strictmx.findings`."""
