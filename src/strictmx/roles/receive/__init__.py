"""The receiving role: reports that others send to us."""
