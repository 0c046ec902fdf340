"""Tests of `strictmx.cli`."""
