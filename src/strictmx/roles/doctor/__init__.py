"""Examine this installation: what works here, what does not, why, and the one thing to do about it.

The three steps of every role: `machine` and `network` look (the only I/O), `judge` makes of what was `seen` one `Check`
for each thing looked at (pure), whose words stand in `words`. `asked` names whom it asks.
"""
