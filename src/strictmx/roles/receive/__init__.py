"""Receiving reports: from the bytes that arrive, over the reports that hide in them, to what the store keeps.

    taking = take.Taking(store, via="file")
    for source in files.sources(paths, stdin):           # files, directories, Maildir, mbox, standard input
        taking.take(source)                              # work.read_anything → found.Found or found.Refused
    taken = taking.end()

`unpack` finds the reports in bytes, `mail` takes a message apart, `mbox` a box; `work` has what is large read by
`worker`, a process of its own with bounded memory and time. `proof` tells whether a mail comes from whom it says.
"""
