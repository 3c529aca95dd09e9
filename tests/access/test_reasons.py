"""The words of each decision for BACnet, ONVIF and guards."""

import pytest

from visitor.access.reasons import WORDS, Reason

ONVIF_REASONS = {
    "CredentialNotEnabled",
    "CredentialNotActive",
    "CredentialExpired",
    "InvalidPIN",
    "NotPermittedAtThisTime",
    "Unauthorized",
    "Other",
}


def test_every_reason_has_words_for_refusal_except_granted() -> None:
    assert {reason for reason, granted in WORDS if not granted} == set(Reason) - {Reason.GRANTED}


@pytest.mark.parametrize(
    ("reason", "granted", "number"),
    [
        (Reason.GRANTED, True, 1),
        (Reason.EVACUATION, True, 2),
        (Reason.PASSBACK, True, 3),
        (Reason.UNKNOWN_CREDENTIAL, False, 129),
        (Reason.NO_RIGHTS_TO_ZONE, False, 133),
        (Reason.OUTSIDE_HOURS, False, 136),
        (Reason.LOCKDOWN, False, 137),
        (Reason.PASSBACK, False, 138),
        (Reason.OCCUPANCY_LIMIT, False, 142),
        (Reason.NOT_YET_ACTIVE, False, 151),
        (Reason.EXPIRED, False, 152),
        (Reason.REVOKED, False, 153),
        (Reason.ESCORT_MISSING, False, 159),
        (Reason.VISIT_NOT_SIGNED_IN, False, 164),
        (Reason.WATCH_LIST_STOP, False, 164),
    ],
)
def test_bacnet_number_is_that_of_the_standard(reason: Reason, granted: bool, number: int) -> None:
    assert WORDS[reason, granted].bacnet_number == number


def test_denials_have_bacnet_numbers_of_denials_and_an_onvif_reason_from_the_list() -> None:
    for (reason, granted), word in WORDS.items():
        assert (word.bacnet_number >= 128) is not granted
        assert ("Denied" in word.onvif_topic) is not granted
        expected = set() if granted or reason is Reason.UNKNOWN_CREDENTIAL else ONVIF_REASONS
        assert ({word.onvif_reason} if word.onvif_reason else set()) <= expected
        assert bool(word.onvif_reason) is bool(expected)


def test_watch_list_stop_looks_like_any_other_refusal_to_other_systems() -> None:
    stop, other = WORDS[Reason.WATCH_LIST_STOP, False], WORDS[Reason.VISIT_NOT_SIGNED_IN, False]
    assert (stop.bacnet_number, stop.bacnet_name, stop.onvif_topic, stop.onvif_reason) == (
        other.bacnet_number,
        other.bacnet_name,
        other.onvif_topic,
        other.onvif_reason,
    )


def test_sentences_and_keys_are_all_different() -> None:
    words = WORDS.values()
    assert len({word.sentence for word in words}) == len({word.message_key for word in words}) == len(WORDS)
    assert all(word.sentence.endswith(".") for word in words)
