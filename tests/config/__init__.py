"""Tests of `strictmx.config`."""
