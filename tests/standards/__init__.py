"""Tests of `strictmx.standards`."""
