"""Faults of this machine, told apart from those of the world: no file descriptor, no memory for a socket.

They end a run in one line. Told as a host's silence they would put other people's domains in the wrong.
"""

from __future__ import annotations

import errno
import resource

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
KEPT = 64  # descriptors for what is no socket: output, modules, the trust store, the loop itself
LEAST = 64  # sockets that one domain needs: room for its questions, sessions and fetch side by side
WANTED = 4_096  # descriptors that the busiest run needs, with a socket for each question and session


class LocalFault(Exception):
    """This machine cannot go on; the text is for people and names what to do where there is something."""


def raise_if_ours(error: OSError) -> None:
    """Raise LocalFault when the error is one of this machine and says nothing about the other side."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        raise LocalFault("too many open files: raise the limit (`ulimit -n 4096`) or lower --concurrency") from error
    if error.errno in _OURS:
        raise LocalFault(f"this machine has no room for another connection: {error.strerror}") from error


def sockets() -> int:
    """How many sockets a run may hold at once; the soft limit is raised as far as it needs and the system allows.

    Raises LocalFault where even one domain would have to queue for them, since a queue looks like silent servers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WANTED
    if soft < WANTED:
        most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft < KEPT + LEAST:
        raise LocalFault(
            f"this process may open {soft} files and needs {KEPT + LEAST}: raise the limit, `ulimit -n 4096`"
        )
    return soft - KEPT


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group of groups, as a task group leaves them."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
