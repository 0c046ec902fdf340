from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.tlsrpt import RESULT_TYPES, format_report, read_report
from tests.standards.reports import days, detail, document, entry, policy, read

_COUNTS = st.integers(0, 2**53 - 1)
_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,9}(\.[a-z][a-z0-9]{0,9}){1,3}", fullmatch=True)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
_DETAILS = st.builds(
    detail,
    result_type=st.sampled_from(sorted(RESULT_TYPES)),
    sending_mta_ip=st.ip_addresses().map(str),
    receiving_ip=st.ip_addresses().map(str),
    receiving_mx_hostname=_NAMES,
    failed_session_count=_COUNTS,
    failure_reason_code=_TEXTS,
)
_ENTRIES = st.builds(
    entry,
    _COUNTS,
    _COUNTS,
    st.lists(_DETAILS, max_size=3),
    policy_domain=_NAMES,
    mx_host=st.lists(_NAMES, min_size=1, max_size=3),
)


@given(st.lists(_ENTRIES, min_size=1, max_size=3), _TEXTS, _TEXTS)
def test_what_is_written_is_read_back_without_a_deviation(entries: list[Any], name: str, report_id: str) -> None:
    report = read(document(*entries, organization_name=name, report_id=report_id))
    assert report.deviations == ()
    assert read_report(format_report(report)) == report


def test_the_keys_are_those_of_the_rfc_and_none_is_empty() -> None:
    fetch_error = {"result-type": "sts-policy-fetch-error", "failed-session-count": 3}
    given_ = document(entry(0, 3, [fetch_error], policy_string=None, mx_host=None), entry(details=[detail()]))
    written = json.loads(format_report(read(given_)))
    assert written["policies"][0] == {
        "policy": {"policy-type": "sts", "policy-domain": "example.com"},
        "summary": {"total-successful-session-count": 0, "total-failure-session-count": 3},
        "failure-details": [fetch_error],
    }
    assert written["policies"][1] == given_["policies"][1]
    assert {key: written[key] for key in written if key != "policies"} == {
        key: given_[key] for key in given_ if key != "policies"
    }


# rule, what cannot be written, what the refusal names
UNWRITABLE: list[tuple[str, dict[str, Any], str]] = [
    ("DEC-32", document(entry(None)), r"policies\[0\]\.summary\.total-successful-session-count"),
    ("DEC-32", document(entry(details=[detail(failed_session_count=None)])), "failed-session-count"),
    ("DEC-25", document(entry(policy_type="odd")), "policy-type"),
    ("DEC-30", document(contact_info=None), "contact-info"),
    ("DEC-30", document(contact_info="https://example.net/"), "contact-info"),
    ("RPT-20", document(entry(details=[detail(result_type="new-thing")])), "result-type"),
    ("DEV-09", document(entry(policy_domain=None)), "policy-domain"),
    ("DEC-18", document(**days(end="2026-11-25T00:00:00Z")), "date-range"),
    ("DEC-18", document(**days("2026-11-24T01:00:00Z")), "date-range"),
]


@pytest.mark.parametrize(("rule", "given_", "named"), UNWRITABLE)
def test_what_the_book_does_not_have_is_refused(rule: str, given_: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        format_report(read(given_))


@pytest.mark.parametrize(
    ("rule", "domain"), [("RPT-16", "bücher.example"), ("RPT-16", "Example.com"), ("RPT-16", "a b")]
)
def test_a_domain_is_written_in_a_labels(rule: str, domain: str) -> None:
    report = read(document())
    wrong = msgspec.structs.replace(report.policies[0].policy, policy_domain=domain)
    policies = (msgspec.structs.replace(report.policies[0], policy=wrong),)
    with pytest.raises(ValueError, match="cannot be written"):
        format_report(msgspec.structs.replace(report, policies=policies))


def test_the_document_tells_what_is_known_and_what_was_bent() -> None:
    report = read(document(entry(None, details=[detail(failed_session_count=None)]), entry(-1)))
    shown = json.loads(json.dumps(report.to_json()))
    assert shown["policies"] == [
        {
            "policy": policy(),
            "summary": {"total-successful-session-count": None, "total-failure-session-count": 2},
            "failure-details": [detail(failed_session_count=None)],
        }
    ]
    assert shown["deviations"][0] == {
        "rule": "DEC-32",
        "path": "policies[1]",
        "message": "`total-successful-session-count` is `-1`, which is no number of sessions; the policy is set aside.",
        "set_aside": True,
    }
    assert [each["set_aside"] for each in shown["deviations"]] == [True, False, False]
