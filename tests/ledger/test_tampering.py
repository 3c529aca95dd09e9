"""Every way to spoil a log, shown to both checkers: the one on the database and the script in the export."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ledger.sample import START, SampleLog, bundle_bytes, run_script, sample, unpack
from visitor.ledger.audit import StoredLog, Verdict, verify_stream
from visitor.ledger.encoding import NEVER_DUE_ON, Leaf, commitment, day_number
from visitor.ledger.entries import EntryType, EraseFact, EraseReason, Log, RecordClass
from visitor.ledger.note import Checkpoint, SigningKey, sign_note

Spoil = Callable[[SampleLog], object]


def edit_body(log: SampleLog) -> None:
    row = log.rows[5]
    assert row.body
    log.rows[5] = row._replace(body=row.body.replace(b"granted", b"refused"))


def edit_salt(log: SampleLog) -> None:
    log.rows[5] = log.rows[5]._replace(salt=bytes(32))


def edit_leaf(log: SampleLog) -> None:
    """Make an entry due later, leaving everything else alone."""
    leaf = Leaf.from_bytes(log.rows[5].leaf or b"")
    log.rows[5] = log.rows[5]._replace(leaf=leaf._replace(due_day=leaf.due_day + 1).to_bytes())


def replace_entry(log: SampleLog) -> None:
    """Write another body with a leaf that fits it."""
    row, body = log.rows[5], b"\0\1\0\0\0\1x"
    assert row.salt
    leaf = Leaf.from_bytes(row.leaf or b"")._replace(commitment=commitment(row.salt, body)).to_bytes()
    log.rows[5] = row._replace(leaf=leaf, body=body)


def remove_row(log: SampleLog) -> None:
    del log.rows[5]


def remove_and_renumber(log: SampleLog) -> None:
    """Close the gap, so that the numbers look right again."""
    del log.rows[5]
    for seq, row in enumerate(log.rows):
        leaf = Leaf.from_bytes(row.leaf or b"")._replace(seq=seq).to_bytes()
        log.rows[seq] = row._replace(seq=seq, leaf=leaf)


def insert_row(log: SampleLog) -> None:
    log.rows.insert(6, log.rows[5])


def swap_rows(log: SampleLog) -> None:
    log.rows[5], log.rows[6] = log.rows[6], log.rows[5]


def swap_bodies(log: SampleLog) -> None:
    one, other = log.rows[5], log.rows[6]
    log.rows[5] = one._replace(salt=other.salt, body=other.body)
    log.rows[6] = other._replace(salt=one.salt, body=one.body)


def cut_end(log: SampleLog) -> None:
    del log.rows[-3:]


def roll_back(log: SampleLog) -> None:
    """Take away the end together with its checkpoints; only a kept checkpoint shows it."""
    log.anchored = (log.notes[-1],)
    del log.rows[17:], log.notes[3:]


def roll_back_and_go_on(log: SampleLog) -> None:
    """Write another history from an earlier point on, with the right key."""
    log.anchored = (log.notes[-1],)
    del log.rows[17:], log.notes[3:]
    log.happen(20)
    log.checkpoint()


def erase_twice(log: SampleLog) -> None:
    log.erase(2)
    log.checkpoint()


def hole_without_reason(log: SampleLog) -> None:
    log.drop_body(5)


def erase_entry_erased(log: SampleLog) -> None:
    log.drop_body(10)


def erased_but_present(log: SampleLog) -> None:
    log.erase(6, forget=False)
    log.checkpoint()


def erase_of_the_future(log: SampleLog) -> None:
    fact = EraseFact(
        START + timedelta(days=60), EraseReason.DUE, RecordClass.ACCESS_EVENT, 1, ((len(log.rows) + 1,) * 2,)
    )
    log.append(EntryType.ERASE, fact.to_body(), RecordClass.LEDGER, day_number(NEVER_DUE_ON))
    log.happen()
    log.drop_body(len(log.rows) - 1)
    log.checkpoint()


def erase_that_says_nothing(log: SampleLog) -> None:
    log.append(EntryType.ERASE, b"\0\1\0\0\0\3abc", RecordClass.LEDGER, day_number(NEVER_DUE_ON))
    log.checkpoint()


def erase_of_another_class(log: SampleLog) -> None:
    fact = EraseFact(START + timedelta(days=60), EraseReason.DUE, RecordClass.PHOTO, 1, ((6, 6),))
    log.append(EntryType.ERASE, fact.to_body(), RecordClass.LEDGER, day_number(NEVER_DUE_ON))
    log.drop_body(6)
    log.checkpoint()


def erase_too_early(log: SampleLog) -> None:
    log.erase(6, after_days=10)
    log.checkpoint()


def forge_checkpoint(log: SampleLog) -> None:
    """Sign with a key of one's own under the log's name."""
    log.notes[-1] = Checkpoint(log.origin, 26, bytes(32)).signed(SigningKey.from_seed(log.origin, bytes(32)))


def forge_signature(log: SampleLog) -> None:
    """Put a true signature under another size."""
    log.notes[-1] = log.notes[-1].replace("\n26\n", "\n25\n")


def fork_checkpoint(log: SampleLog) -> None:
    """Sign two histories of the same size with the right key."""
    log.notes.append(Checkpoint(log.origin, 26, bytes(32)).signed(log.key))


def checkpoint_of_another_log(log: SampleLog) -> None:
    log.notes[-1] = sample(Log.AUDIT).notes[-1]


def checkpoints_out_of_order(log: SampleLog) -> None:
    log.notes[1], log.notes[2] = log.notes[2], log.notes[1]


def no_checkpoints(log: SampleLog) -> None:
    log.notes.clear()


def unsigned_end(log: SampleLog) -> None:
    log.happen()


def nothing_at_all(log: SampleLog) -> None:
    log.rows.clear()
    log.notes.clear()


@dataclass(frozen=True)
class Case:
    """A way to spoil a log, what it must come to, and the finding that must name it."""

    spoil: Spoil
    verdict: Verdict
    kind: str


TAMPERED = [
    Case(edit_body, Verdict.TAMPERED, "body"),
    Case(edit_salt, Verdict.TAMPERED, "body"),
    Case(edit_leaf, Verdict.TAMPERED, "root"),
    Case(replace_entry, Verdict.TAMPERED, "root"),
    Case(remove_row, Verdict.TAMPERED, "gap"),
    Case(remove_and_renumber, Verdict.TAMPERED, "root"),
    Case(insert_row, Verdict.TAMPERED, "gap"),
    Case(swap_rows, Verdict.TAMPERED, "gap"),
    Case(swap_bodies, Verdict.TAMPERED, "body"),
    Case(cut_end, Verdict.TAMPERED, "cut"),
    Case(roll_back, Verdict.TAMPERED, "rolled-back"),
    Case(roll_back_and_go_on, Verdict.TAMPERED, "rewritten"),
    Case(erase_twice, Verdict.TAMPERED, "twice"),
    Case(hole_without_reason, Verdict.TAMPERED, "hole"),
    Case(erase_entry_erased, Verdict.TAMPERED, "permanent"),
    Case(erased_but_present, Verdict.TAMPERED, "not-erased"),
    Case(erase_of_the_future, Verdict.TAMPERED, "erase"),
    Case(erase_that_says_nothing, Verdict.TAMPERED, "erase"),
    Case(erase_of_another_class, Verdict.TAMPERED, "class"),
    Case(erase_too_early, Verdict.TAMPERED, "early"),
    Case(forge_checkpoint, Verdict.TAMPERED, "checkpoint"),
    Case(forge_signature, Verdict.TAMPERED, "checkpoint"),
    Case(fork_checkpoint, Verdict.TAMPERED, "root"),
    Case(checkpoint_of_another_log, Verdict.TAMPERED, "checkpoint"),
    Case(checkpoints_out_of_order, Verdict.TAMPERED, "order"),
]
INCOMPLETE = [
    Case(no_checkpoints, Verdict.INCOMPLETE, "unsigned"),
    Case(unsigned_end, Verdict.INCOMPLETE, "unsigned"),
    Case(nothing_at_all, Verdict.INCOMPLETE, "unsigned"),
]
CASES = pytest.mark.parametrize("case", TAMPERED + INCOMPLETE, ids=lambda case: case.spoil.__name__)


@CASES
def test_database_check_names_what_was_done(case: Case) -> None:
    log = sample()
    case.spoil(log)

    report = log.report()

    assert report.verdict is case.verdict
    assert case.kind in {finding.kind for finding in report.findings}


@CASES
def test_script_names_what_was_done(case: Case, tmp_path: Path) -> None:
    log = sample()
    case.spoil(log)
    # Two logs of one export are checked apart: the good one must not hide the other.
    place = unpack(bundle_bytes(log, sample(Log.AUDIT)), tmp_path / "export")
    (tmp_path / "kept").write_text("".join(log.anchored), encoding="utf-8")
    command = ["consistency", str(tmp_path / "kept")] if log.anchored else ["report"]

    answer = run_script(place / "verify.py", "--json", *command)

    assert answer.code == case.verdict, answer.out
    assert case.kind in answer.kinds


def test_both_checks_call_the_untouched_log_good(tmp_path: Path) -> None:
    log = sample()
    place = unpack(bundle_bytes(log, sample(Log.AUDIT)), tmp_path)

    assert log.report().verdict is Verdict.GOOD
    assert log.report().findings == ()
    assert run_script(place / "verify.py").code == 0


def test_kept_checkpoint_of_any_age_fits_the_untouched_log() -> None:
    log = sample()
    log.anchored = tuple(log.notes)
    assert log.report().verdict is Verdict.GOOD


def test_finding_names_the_entry_and_the_stretch_that_was_changed() -> None:
    log = sample()
    edit_body(log)
    assert [(finding.seq, finding.text) for finding in log.report().findings] == [
        (5, "the body of entry 5 is not the one that was written")
    ]

    log = sample()
    edit_leaf(log)
    (finding,) = log.report().findings
    assert "from entry 0 on, up to entry 9" in finding.text


def test_body_without_leaf_and_half_a_payload_show() -> None:
    log = sample()
    log.rows[5] = log.rows[5]._replace(leaf=None)
    assert "no-leaf" in {finding.kind for finding in log.report().findings}

    log = sample()
    log.rows[5] = log.rows[5]._replace(salt=None)
    assert [finding.kind for finding in log.report().findings] == ["half"]


def test_log_without_a_known_key_is_never_good() -> None:
    log = sample()
    stored = StoredLog(log.log, log.origin, log.rows, log.notes)
    assert verify_stream(stored, []).verdict is Verdict.INCOMPLETE
    assert verify_stream(stored, [sample(Log.AUDIT).key.verifier]).verdict is Verdict.INCOMPLETE


def test_rotated_key_and_unknown_witness_are_accepted() -> None:
    log = sample()
    old, new = log.key, SigningKey.from_seed(log.origin, bytes(32))
    witness = SigningKey.from_seed("witness.example", bytes(32))
    text = log.notes[-1].split("\n\n")[0] + "\n"
    log.notes[-1] = sign_note(text, [old, new, witness])
    log.notes.append(sign_note(text, [new]))
    stored = StoredLog(log.log, log.origin, log.rows, log.notes)
    assert verify_stream(stored, [old.verifier, new.verifier]).verdict is Verdict.GOOD
    assert verify_stream(stored, [old.verifier]).verdict is Verdict.TAMPERED


def test_early_erasure_on_an_order_and_erasure_outside_the_log_are_good() -> None:
    log = sample()
    log.erase(7, order="case 1", after_days=1)
    log.erase()
    log.checkpoint()
    assert log.report().verdict is Verdict.GOOD
    assert log.report().erasures == 4
