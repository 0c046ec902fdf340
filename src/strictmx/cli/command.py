"""One command: find its verb, run it, and turn every error into one line and an exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from strictmx.cli.arguments import Parser, UsageError, tell
from strictmx.cli.verbs import VERBS, load
from strictmx.internet.local import LocalFault
from strictmx.version import __version__

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # a disk that takes no more
FINE, PROBLEM, UNUSABLE = 0, 1, 2  # exit statuses: fine; a problem was found; used wrongly or could not run


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. arguments: without the program's name; default those given."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stderr is None:  # started with it closed, as some daemons do: complaints go nowhere
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stdout is None:
        return _complain("standard output is closed")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows escapes
    try:
        status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_output()  # the reader went away; nobody is left to tell
        return FINE
    except OSError as error:
        _give_up_output()
        what = "the output cannot be written: " if error.errno in _FULL else ""
        return _complain(f"{what}{error.strerror or error}")
    except (UsageError, LocalFault) as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return _complain("interrupted")
    except Exception:  # noqa: BLE001 - the last guard: a bug of ours is told in a line, its traceback only on demand
        return _bug()
    return status


def _run(given: list[str]) -> int:
    configuration, rest = _take_configuration(given)
    if rest[:1] == ["help"] and len(rest) > 1:
        rest = [rest[1], "--help"]
    if not rest or rest[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return FINE
    if rest[0] == "--version":
        sys.stdout.write(f"strictmx {__version__}\n")
        return FINE
    verb = rest[0]
    if verb not in VERBS:
        raise UsageError(_unknown(verb))
    module = load(verb)
    parser = Parser(f"strictmx {verb}", module.HELP)
    module.declare(parser)
    options = parser.parse(rest[1:])
    options.config = options.config or configuration
    return module.run(options)


def _take_configuration(given: list[str]) -> tuple[str | None, list[str]]:
    """`--config FILE` where it stands before the verb, and the rest."""
    if given[:1] == ["--config"]:
        if len(given) == 1:
            raise UsageError("--config needs a file")
        return given[1], given[2:]
    if given and given[0].startswith("--config="):
        return given[0].partition("=")[2], given[1:]
    return None, given


def _unknown(verb: str) -> str:
    import difflib

    near = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    return f"{verb}: unknown verb{hint} (strictmx without arguments lists them)"


def _overview() -> str:
    width = max(map(len, VERBS))
    verbs = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in VERBS.items())
    return (
        "strictmx: SMTP transport security: MTA-STS, TLS reporting, DANE\n\n"
        "usage: strictmx [--config FILE] VERB …\n\n"
        f"{verbs}\n"
        "strictmx VERB --help tells more; --version tells which release this is.\n"
        "Exit status: 0 fine, 1 a problem was found, 2 used wrongly or could not run.\n"
    )


def _give_up_output() -> None:
    """Let what is still buffered go nowhere, so that leaving does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug() -> int:
    """A fault of the program itself: one line, and where the traceback is for whoever reports it."""
    import traceback

    if os.environ.get("STRICTMX_DEBUG"):
        traceback.print_exc()
    last = traceback.format_exception_only(*sys.exc_info()[:2])[-1].strip()
    return _complain(f"a fault of strictmx itself: {last}; please report it with the output under STRICTMX_DEBUG=1")


def _complain(text: str) -> int:
    for line in text.splitlines():
        tell(line)
    return UNUSABLE
