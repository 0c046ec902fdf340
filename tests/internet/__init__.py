"""Tests of the outside world against little servers on loopback, hostile ones included."""
