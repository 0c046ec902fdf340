"""What the RFCs say, as pure functions: bytes and values in, values out; no sockets, clock, files or globals."""
