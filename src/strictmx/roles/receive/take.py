"""Taking in reports: what the sources hold goes into the store, in batches, and what became of each is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from strictmx.roles.receive import work
from strictmx.roles.receive.files import Source
from strictmx.roles.receive.found import Found, Refused
from strictmx.roles.receive.mail import is_mail
from strictmx.standards.tlsrpt import Deviation, DomainFigures
from strictmx.store import aside, reports
from strictmx.store.aside import Item
from strictmx.store.database import Store
from strictmx.store.reports import NewReport, Outcome

BATCH = 500  # reports in a transaction
BATCH_BYTES = 8 * 1_048_576  # of their payloads, so that what waits for the writer stays small
UNDER_WAY = 2  # batches handed to the writer while the next is read
CONFLICT = Deviation(
    rule="DEC-17",
    path="",
    message="another report of the same sender, id, time and domains has other content; this copy is kept, not counted",
)
TOLD = 100_000  # deviations and refusals that are listed; the rest is counted
SESSIONS_MOST = 10**12  # no sender has as many with a domain in a day; and sums of them stay exact


Proves = Callable[[bytes, str], bool]  # whether a mail comes from the submitter (a domain) of the report in it


@dataclass(slots=True)
class Taken:
    """What became of everything: the document of `reports import --json`.

    files: how many were read. reports: how many they held, each new or a duplicate. conflicts: duplicates with other
    content than the copy that counts. rejected: what could not be counted, by its source.
    """

    files: int = 0
    reports: int = 0
    new: int = 0
    duplicates: int = 0
    conflicts: int = 0
    deviations: list[tuple[str, Deviation]] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    not_listed: int = 0

    def reject(self, source: str, reason: str) -> None:
        """Note something that could not be counted."""
        if len(self.rejected) < TOLD:
            self.rejected.append((source, reason))
        else:
            self.not_listed += 1

    def deviate(self, source: str, deviations: Sequence[Deviation]) -> None:
        """Note the rules that a report bends."""
        room = TOLD - len(self.deviations)
        self.deviations += [(source, deviation) for deviation in deviations[:room]]
        self.not_listed += max(0, len(deviations) - room)

    def add(self, other: Taken) -> None:
        """Put another account to this one."""
        self.files += other.files
        self.reports += other.reports
        self.new += other.new
        self.duplicates += other.duplicates
        self.conflicts += other.conflicts
        self.not_listed += other.not_listed
        for source, deviation in other.deviations:
            self.deviate(source, (deviation,))
        for source, reason in other.rejected:
            self.reject(source, reason)

    def to_json(self) -> dict[str, Any]:
        """The document; `not_listed` counts deviations and refusals beyond those listed."""
        return {
            "files": self.files,
            "reports": self.reports,
            "new": self.new,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "deviations": [
                {"source": source, "rule": deviation.rule, "path": deviation.path, "message": deviation.told}
                for source, deviation in self.deviations
            ],
            "rejected": [{"source": source, "error": reason} for source, reason in self.rejected],
            "not_listed": self.not_listed,
        }


class Taking:
    """Takes items in one after the other; `end` waits until all are committed.

    sets_aside: whether what cannot be counted is kept. A StoreError ends it: what was committed before stays, and
    taking in the same again doubles nothing.
    """

    def __init__(
        self,
        store: Store,
        *,
        via: str,
        proves: Proves | None = None,
        sets_aside: bool = True,
    ) -> None:
        self.taken = Taken()
        self._store, self._via, self._proves, self._sets_aside = store, via, proves, sets_aside
        self._waiting: list[NewReport] = []
        self._bytes = 0
        self._aside: list[aside.NewItem] = []
        self._under_way: deque[tuple[list[NewReport], Future[list[Outcome]]]] = deque()

    def take(self, source: Source) -> None:
        """Take in all that one source holds; what cannot be read is set aside and told."""
        self.taken.files += source.begins
        if source.error:
            self.taken.reject(source.name, source.error)
            return
        for item in work.read_anything(source.data, source.name):
            if isinstance(item, Refused):
                self._refuse(item)
            elif max(map(_most, item.facts.figures), default=0) > SESSIONS_MOST:
                reason = f"it tells of more than {SESSIONS_MOST} sessions in a day, which no sender has"
                self._refuse(Refused(item.source, "RPT-44", reason, item.payload))
            else:
                self._accept(item, source)
            if len(self._waiting) + len(self._aside) >= BATCH or self._bytes >= BATCH_BYTES:
                self._hand_in()

    def end(self) -> Taken:
        """Wait for the last commit. Raises StoreError."""
        self._hand_in()
        while self._under_way:
            self._settle()
        return self.taken

    def _accept(self, item: Found, source: Source) -> None:
        facts, taken = item.facts, self.taken
        authenticated = None
        if item.in_mail:
            mail = source.data if is_mail(source.data) else None  # one in an archive is not looked at
            authenticated = mail is not None and self._proves is not None and self._proves(mail, facts.submitter)
        taken.reports += 1
        taken.deviate(item.source, facts.deviations)
        self._bytes += len(item.payload)
        self._waiting.append(
            NewReport(
                facts=facts,
                payload=item.payload,
                packing=item.packing,
                hints=item.hints,
                via=self._via,
                authenticated=authenticated,
                received_at=int(self._store.now()),
                source=item.source,
            )
        )

    def _refuse(self, item: Refused) -> None:
        self.taken.reject(item.source, item.reason)
        if item.payload is not None and self._sets_aside:
            self._bytes += len(item.payload)
            at = int(self._store.now())
            self._aside.append(aside.NewItem(item.payload, item.rule, item.reason, item.source, self._via, at))

    def _hand_in(self) -> None:
        """Give what waits to the writer; go on reading meanwhile."""
        some, items = self._waiting, self._aside
        if not some and not items:
            return
        self._waiting, self._aside, self._bytes = [], [], 0

        def keep(connection: Connection) -> list[Outcome]:
            aside.add_in(connection, items)
            return reports.add_in(connection, some)

        self._under_way.append((some, self._store.submit(keep)))
        if len(self._under_way) > UNDER_WAY:
            self._settle()

    def _settle(self) -> None:
        """Wait for the oldest commit."""
        some, outcomes = self._under_way.popleft()
        for report, outcome in zip(some, outcomes.result(), strict=True):
            self.taken.new += outcome is Outcome.NEW
            self.taken.duplicates += outcome is not Outcome.NEW
            if outcome is Outcome.CONFLICT:
                self.taken.conflicts += 1
                self.taken.deviate(report.source, (CONFLICT,))


def take_again(store: Store, items: Iterable[Item], proves: Proves | None) -> Taken:
    """Read again what was set aside; what is counted now is set aside no longer. Raises StoreError."""
    whole = Taken()
    for item in items:
        data = aside.payload(store, item.number)
        if data is None:  # it was deleted meanwhile
            continue
        taking = Taking(store, via=item.via, proves=proves, sets_aside=False)
        taking.take(Source(item.source, len(data), data))
        taken = taking.end()
        whole.add(taken)
        if not taken.rejected:
            store.write(partial(aside.remove_in, numbers=[item.number]))
    return whole


def _most(figures: DomainFigures) -> int:
    """The largest number of sessions that the figures of one domain hold."""
    numbers = [figures.successful or 0, figures.failed or 0]
    numbers += (number or 0 for kind in figures.types for number in (kind.successful, kind.failed))
    numbers += (failure.sessions for failure in figures.failures)
    return max(numbers)
