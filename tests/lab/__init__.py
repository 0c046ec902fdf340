"""Tests of `strictmx.lab`."""
