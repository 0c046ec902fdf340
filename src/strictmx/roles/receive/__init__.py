"""Receiving reports: from the bytes that arrive to the reports that hide in them.

    for source in files.sources(paths):                  # files, directories, Maildir, mbox, standard input
        for each in work.read_anything(source.data, source.name):
            …                                            # found.Found or found.Refused

`unpack` finds the reports in bytes, `mail` takes a message apart, `mbox` a box; `work` has what is large read by
`worker`, a process of its own with bounded memory and time.
"""
