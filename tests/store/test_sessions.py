from __future__ import annotations

from threading import Thread

from strictmx.standards.tlsrpt import FailureDetails, Policy
from strictmx.store import sessions
from strictmx.store.database import Store
from strictmx.store.place import Place
from strictmx.store.sessions import Counted

STS = Policy("sts", ("version: STSv1", "mode: enforce"), "example.com", ("mx.example.com",))
NONE = Policy("no-policy-found", policy_domain="example.com")
EXPIRED = FailureDetails("certificate-expired", receiving_mx_hostname="mx.example.com", failed_session_count=2)


def _count(store: Store, *some: Counted) -> None:
    store.write(lambda connection: sessions.count_in(connection, some))


def test_sessions_add_up_by_day_domain_policy_and_failure(store: Store) -> None:
    _count(store, Counted(1, "example.com", STS, 3), Counted(1, "example.com", STS, 1, 2, (EXPIRED,)))
    _count(store, Counted(1, "example.com", STS, 0, 2, (EXPIRED,)), Counted(1, "example.com", NONE, 5))
    _count(store, Counted(2, "example.com", STS, 7), Counted(1, "example.org", NONE, 1))
    first, second = sessions.of_day(store, 1, "example.com")
    assert {first.policy, second.policy} == {STS, NONE}
    sts = first if first.policy == STS else second
    assert (sts.summary.total_successful_session_count, sts.summary.total_failure_session_count) == (4, 4)
    assert [(each.result_type, each.failed_session_count) for each in sts.failure_details] == [
        ("certificate-expired", 4)
    ]
    assert sessions.domains_of(store, 1) == ["example.com", "example.org"]


def _count_often(store: Store) -> None:
    for _ in range(25):
        _count(store, Counted(1, "example.com", STS, 1, 1, (EXPIRED,)), Counted(1, "example.org", NONE, 1))


def test_two_nodes_that_count_at_once_give_the_sum(place: Place) -> None:
    with Store.open(place) as one, Store.open(place) as other:
        threads = [Thread(target=_count_often, args=(store,)) for store in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (report,) = sessions.of_day(one, 1, "example.com")
    assert report.summary.total_successful_session_count == 50
    assert report.failure_details[0].failed_session_count == 100


def test_old_sessions_go(store: Store) -> None:
    _count(store, Counted(1, "example.com", STS, 0, 2, (EXPIRED,)), Counted(2, "example.com", NONE, 1))
    assert store.write(lambda connection: sessions.delete_before(connection, 2)) == 2
    assert sessions.domains_of(store, 1) == []
    assert sessions.domains_of(store, 2) == ["example.com"]


def test_no_text_of_a_mail_server_stops_the_counting(store: Store) -> None:
    odd = FailureDetails("validation-failure", receiving_mx_helo="mx\0.example", failed_session_count=1)
    string = Policy("sts", ("mode: \0",), "example.com")
    _count(store, Counted(1, "example.com", string, 0, 1, (odd,)))
    (found,) = sessions.of_day(store, 1, "example.com")
    assert found.policy == string
    assert [each.receiving_mx_helo for each in found.failure_details] == ["mx\N{REPLACEMENT CHARACTER}.example"]


def test_policies_that_nothing_is_counted_under_go(store: Store) -> None:
    _count(store, *(Counted(1, f"{n}.example", Policy("sts", (str(n),)), 1) for n in range(5)))
    _count(store, Counted(2, "0.example", Policy("sts", ("0",)), 1))
    store.write(lambda connection: sessions.delete_before(connection, 2))
    assert [store.write(lambda connection: sessions.delete_unused_policies(connection, 3)) for _ in range(3)] == [
        3,
        1,
        0,
    ]
    (kept,) = sessions.of_day(store, 2, "0.example")
    assert kept.policy.policy_string == ("0",)
