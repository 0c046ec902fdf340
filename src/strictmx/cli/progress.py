"""Progress on a terminal: a spinner for one thing, a bar for many domains. Nothing of it ends up in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strictmx.findings.observation import Observation
    from strictmx.findings.result import CheckResult


class Report(Protocol):
    """What a bar stands in front of."""

    around: Callable[[], AbstractContextManager[object]]

    def tell(self, observation: Observation, result: CheckResult) -> None:
        """Print one result."""


@contextmanager
def spinner(console: Console, subject: str) -> Iterator[Callable[[str], None]]:
    """A line that says what is being looked at; gone when the check ends."""
    with console.status(Text(f"checking {subject}")) as status:
        yield lambda step: status.update(Text(f"checking {subject}: {step}"))


@contextmanager
def bar(console: Console, count: int, report: Report) -> Iterator[Callable[[Observation, CheckResult], None]]:
    """A bar over `count` domains; it steps aside while a result is printed."""
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task("checking", total=count)

    @contextmanager
    def around() -> Iterator[None]:
        progress.stop()
        yield
        progress.start()

    def tell(observation: Observation, result: CheckResult) -> None:
        report.tell(observation, result)
        progress.advance(task)

    report.around = around
    with progress:
        yield tell


@contextmanager
def octets(console: Console, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar over the octets that are read; without a total it only moves."""
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total)
        yield lambda size: progress.advance(task, size)
