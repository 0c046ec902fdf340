"""`strictmx check`: observe domains, or read saved observations, and print what is wrong and how to mend it."""

from __future__ import annotations

import gc
import os
import re
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_bytes, read_lines, read_settings, tell
from strictmx.cli.terminal import Terminal, json_document, json_line, standard_error, standard_output
from strictmx.config import find
from strictmx.findings.finding import Severity
from strictmx.standards.names import InvalidName, Name

if TYPE_CHECKING:
    from strictmx.cli.keeping import Keeping
    from strictmx.findings.observation import Observation
    from strictmx.findings.result import CheckResult, Verdict

LIST_BYTES = 64 * 1_048_576  # a file of domains: some three million of them
LINES_TOLD = 20  # of a file of domains that hold none; more is another file than meant
RESULT_KEY = b'"verdict"'  # what a printed result has and an observation has not
LAST_SECONDS = 0.7  # from Ctrl-C until the process is ended, should it be stuck
CONCURRENCY = 20  # domains at a time
MOST_CONCURRENCY = 1_000
COLLECT_AFTER = 20_000  # objects between two looks for garbage: the default's 700 takes a tenth of a long run

HELP = Help(
    about="Look at a domain as a sender does (DNS, the policy over HTTPS, every address of every MX host over SMTP),\n"
    "and say whether mail to it is protected, what is wrong, and exactly what to change.",
    examples=(
        ("strictmx check example.com", "one domain, for people"),
        ("strictmx check example.com --related --selector mail", "also SPF, DMARC, CAA, DNSSEC and that DKIM key"),
        ("strictmx check --from domains.txt --concurrency 50 --jsonl > results.jsonl", "many, one JSON line each"),
        ("strictmx check example.com --save seen.jsonl", "keep what was seen"),
        ("strictmx check --replay seen.jsonl", "judge it again later, without network"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the options of `check`."""
    parser.add("domains", nargs="*", metavar="DOMAIN", help="a domain, as after the @ of a mail address")
    parser.add(
        "--from",
        dest="source",
        metavar="FILE",
        help="a file of domains, one a line, # begins a comment; - is standard input. A name that is not found here "
        "is looked for beside the configuration, where `lab up` writes the file ALL",
    )
    parser.add(
        "--concurrency",
        type=int,
        default=CONCURRENCY,
        metavar="N",
        help=f"domains looked at side by side (1 to {MOST_CONCURRENCY}, default {CONCURRENCY}); above 80 it gets no "
        "faster, and where few files may be open (`ulimit -n`) fewer are looked at",
    )
    parser.add(
        "--related",
        action="store_true",
        help="tell also what belongs beside it: SPF, DMARC, DKIM, CAA, DNSSEC; notices, no part of the verdict",
    )
    parser.add(
        "--selector",
        dest="selectors",
        action="append",
        default=[],
        metavar="S",
        help="with --related: look at the DKIM key of this selector (`s=` in the DKIM-Signature of a mail); repeatable",
    )
    parser.add("--json", action="store_true", help="one JSON document: an object, or a list for several domains")
    parser.add("--jsonl", action="store_true", help="one JSON line a domain, as they finish")
    parser.add("--save", metavar="FILE", help="write what was seen, one JSON line a domain (replaces the file)")
    parser.add("--replay", metavar="FILE", help="judge what was saved, as of its time, without network")


def run(options: Namespace) -> int:
    """Check, print, and return 1 when any finding is an error."""
    if options.json and options.jsonl:
        raise UsageError("check: --json and --jsonl exclude each other")
    if not 1 <= options.concurrency <= MOST_CONCURRENCY:
        raise UsageError(f"check: --concurrency is 1 to {MOST_CONCURRENCY}, not {options.concurrency}")
    options.selectors = _selectors(options)
    options.source = _sought(options.source, find(options.config, os.environ))
    domains, refused = _domains(options)
    for line in refused:
        tell(line)
    with ExitStack() as stack:
        save = stack.enter_context(_save_file(options)) if options.save else None
        report = _Report(options, standard_output(), save, count=len(domains))
        stack.callback(report.ended.set)
        interrupted, failed = False, None
        try:
            if options.replay is not None:
                _replay(options, domains, report)
            else:
                _observe(options, domains, report, standard_error())
        except KeyboardInterrupt:
            interrupted = True
        except UsageError as error:  # what was judged before a damaged line stands
            failed = error
        if report.told or not failed:
            report.end()
        if report.keeping is not None and not interrupted:
            report.keeping.end()
    if failed:
        raise failed
    if interrupted:
        of_all = "" if options.replay is not None else f" of {len(domains)}"
        raise UsageError(f"check: interrupted, {report.told}{of_all} domains were checked")
    if refused:
        return 2
    return 1 if report.worst is Severity.ERROR else 0


def _selectors(options: Namespace) -> list[str] | None:
    """The DKIM selectors to look for; None where nothing beside the check is asked for.

    Raises UsageError: a selector that none can be, or that nobody will look for; packages that are missing.
    """
    if not options.related:
        if options.selectors:
            raise UsageError("check: --selector needs --related")
        return None
    if options.selectors and options.replay is not None:
        raise UsageError("check: --replay judges the selectors that were asked for; --selector asks for others")
    from strictmx.standards.dkim import NoSelector, read_selectors

    try:
        names = read_selectors(options.selectors)
    except NoSelector as error:
        raise UsageError(f"check: --selector {error}") from error
    if find_spec("checkdmarc") is None:
        raise UsageError("check: --related needs more packages: pip install 'strictmx[related]'")
    return list(names)


def _sought(source: str | None, configuration: Path | None) -> str | None:
    """The file of domains: as named, or the one of that name beside the configuration, where only that is there."""
    if source is None or source == STDIN or configuration is None or os.path.exists(source):  # noqa: PTH110 - never raises
        return source
    beside = str(configuration.parent / source)
    return beside if os.path.isfile(beside) else source  # noqa: PTH113 - never raises


def _domains(options: Namespace) -> tuple[list[Name], list[str]]:
    """The domains asked for, each once, and a line for each line of a file that holds no name.

    Raises UsageError: an argument that is no domain, no domain at all, an unreadable file.
    """
    wrong: list[str] = []
    names: dict[Name, None] = {}
    for text in options.domains:
        try:
            names[Name.mail_domain(text)] = None
        except InvalidName as error:
            wrong.append(f"check: {error}")
    if wrong:
        raise UsageError(*wrong)
    refused: list[str] = []
    named = "standard input" if options.source == STDIN else options.source
    if options.source is not None:
        for number, text in _lines(options.source):
            try:
                names[Name.mail_domain(text)] = None
            except InvalidName as error:
                several = "; one domain a line" if re.search(r"[\s,;]", text) else ""
                refused.append(f"{named}:{number}: {error}{several}")
        if len(refused) > LINES_TOLD:
            refused[LINES_TOLD:] = [f"{named}: and so on, {len(refused)} lines in all name no domain"]
    if not names and options.replay is None and not refused:
        if options.source is not None:
            raise UsageError(f"check: {named} names no domain")
        raise UsageError("check: name a domain, or a file of domains with --from (see strictmx check --help)")
    return list(names), refused


def _lines(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a file of domains that hold anything, comments cut off, with their numbers."""
    data = read_bytes(source, LIST_BYTES)
    if len(data) > LIST_BYTES:
        raise UsageError(f"{source}: a file of domains is at most {LIST_BYTES // 1_048_576} MiB")
    if b"\0" in data:
        raise UsageError(f"{source}: is no text, but a binary file")
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if text:
            yield number, text


def _save_file(options: Namespace) -> BinaryIO:
    name = options.save
    if name == STDIN:
        raise UsageError("check: --save needs the name of a file")
    for taken in (options.source, options.replay):
        if taken not in (None, STDIN) and Path(name).exists() and Path(taken).exists() and Path(name).samefile(taken):
            raise UsageError(f"check: --save {name} would overwrite what is read")
    try:
        return Path(name).open("wb")
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error


class _Report:
    """Prints each result as it comes and remembers what the end needs."""

    def __init__(self, options: Namespace, output: Terminal, save: BinaryIO | None, *, count: int) -> None:
        self._output = output
        self._save = save
        self._form = "json" if options.json else "jsonl" if options.jsonl else "text"
        self._documents: list[object] = []
        self._verdicts: list[Verdict] = []
        self._count = count
        self.worst = Severity.OK
        self.ended = Event()
        self.keeping: Keeping | None = None
        self.around: Callable[[], AbstractContextManager[object]] = nullcontext  # hides a progress bar while printing

    @property
    def told(self) -> int:
        """How many results were told."""
        return len(self._verdicts)

    def tell(self, observation: Observation, result: CheckResult) -> None:
        """Print one result and save what it rests on."""
        from strictmx.cli import view
        from strictmx.findings.observation import dump

        if self._save is not None:
            self._save.write(dump(observation) + b"\n")
            self._save.flush()
        if result.worst.rank < self.worst.rank:
            self.worst = result.worst
        self._verdicts.append(result.verdict)
        if self._form == "json":
            self._documents.append(result.to_json())
        else:
            with self.around():
                if self._form == "jsonl":
                    self._output.text(json_line(result.to_json()))
                else:
                    if self.told > 1:
                        self._output.lines([()])
                    self._output.lines(view.result_lines(result, self._output.width))
        if self.keeping is not None:
            self.keeping.add(observation, result.verdict.value)

    def end(self) -> None:
        """Print what can only be said at the end."""
        from strictmx.cli import view

        if self._form == "json":
            several = self._count > 1 or len(self._documents) != 1
            self._output.text(json_document(self._documents if several else self._documents[0]))
        elif self._form == "text":
            self._output.lines(view.summary_lines(self._verdicts, self._output.width))


def _replay(options: Namespace, domains: list[Name], report: _Report) -> None:
    """Judge saved observations; of the domains named, or of all.

    Raises UsageError: a line that is no observation, a domain that is not in the file.
    """
    from strictmx.findings.judge import judge
    from strictmx.findings.observation import OBSERVATION_BYTES, UnreadableObservation, load

    source = options.replay
    wanted = set(domains)
    missing = set(domains)
    unseen = 0
    for number, line in enumerate(read_lines(source, OBSERVATION_BYTES + len(b"\r\n")), start=1):
        if len(line) <= OBSERVATION_BYTES and not line.strip():
            continue
        try:
            observation = load(line.rstrip(b"\r\n"))
        except UnreadableObservation as error:
            hint = "; it looks like output of check, and --replay reads what --save wrote" if RESULT_KEY in line else ""
            raise UsageError(f"{source}:{number}: {error}{hint}") from error
        if wanted and observation.domain not in wanted:
            continue
        missing.discard(Name(observation.domain))
        unseen += options.related and observation.related is None
        report.tell(observation, judge(observation, related=options.related))
    if unseen:
        which = "an observation was" if unseen == 1 else f"{unseen} observations were"
        tell(f"{source}: {which} saved without --related, so nothing of that is told")
    if not report.told and not missing:
        raise UsageError(f"{source}: holds no observation")
    if missing:
        raise UsageError(f"{source}: holds no observation of {', '.join(sorted(missing))}")


def _observe(options: Namespace, domains: list[Name], report: _Report, error_output: Terminal) -> None:
    """Look at the domains, with progress on a terminal."""
    import asyncio

    from strictmx.cli.keeping import Keeping
    from strictmx.internet.local import LocalFault
    from strictmx.internet.trust import TrustError
    from strictmx.roles.check import check, check_many

    configuration = read_settings(options, dict(os.environ))
    settings = configuration.internet
    report.keeping = Keeping(configuration.store)
    try:
        if len(domains) == 1:
            with _spinner(error_output, domains[0]) as step:
                work = check(domains[0], settings, now=_now, on_step=step, related=options.selectors)
                observation, result = asyncio.run(work)
            report.tell(observation, result)
        else:
            gc.set_threshold(COLLECT_AFTER)
            with _bar(error_output, len(domains), report) as tell:
                many = check_many(
                    domains,
                    settings,
                    concurrency=options.concurrency,
                    now=_now,
                    tell=tell,
                    related=options.selectors,
                )
                asyncio.run(_interruptible(many, report.ended))
    except TrustError as error:
        raise UsageError(f"check: the trust store (`trust` in [internet]): {error}") from error
    except LocalFault as error:
        raise UsageError(f"check: {error}") from error


async def _interruptible(work: Coroutine[Any, Any, None], ended: Event) -> None:
    """Do the work; once it is interrupted the process ends soon, even while nobody reads what a thread of it writes."""
    from asyncio import CancelledError

    try:
        await work
    except CancelledError:
        Thread(target=_leave_unless, args=(ended,), daemon=True).start()
        raise


def _leave_unless(ended: Event) -> None:
    if not ended.wait(LAST_SECONDS):
        tell("check: interrupted while nobody read the output")
        os._exit(2)  # threads that are stuck in a write cannot be ended in another way


def _now() -> datetime:
    return datetime.now(UTC)


def _spinner(error_output: Terminal, domain: Name) -> AbstractContextManager[Callable[[str], None] | None]:
    """On a terminal a line that tells the step of one check; else nothing."""
    if not error_output.interactive:
        return nullcontext(None)
    from strictmx.cli.progress import spinner

    return spinner(error_output.console, domain)


def _bar(error_output: Terminal, count: int, report: _Report) -> AbstractContextManager[Callable[..., None]]:
    """On a terminal a bar that counts finished domains; else the report's own `tell`."""
    if not error_output.interactive:
        return nullcontext(report.tell)
    from strictmx.cli.progress import bar

    return bar(error_output.console, count, report)
