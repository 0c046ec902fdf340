"""Tests of `strictmx.internet`."""
