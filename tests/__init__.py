"""The tests: the tree below mirrors `src/strictmx`."""
