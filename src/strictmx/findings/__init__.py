"""What was seen of a domain, what is wrong with it, and how to mend it. Pure: an `Observation` in, findings out."""
