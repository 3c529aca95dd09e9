"""The export as an auditor gets it: unpacked or not, whole or damaged, with the script alone."""

import argparse
import ast
import base64
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.sample import SampleLog, bundle_bytes, run_script, sample, unpack
from visitor.ledger.auditor import verify
from visitor.ledger.bundle import LogExport, write_bundle
from visitor.ledger.encoding import leaf_hash
from visitor.ledger.entries import Log
from visitor.ledger.merkle import includes, tree_root
from visitor.ledger.note import SigningKey

SCRIPT = Path(verify.__file__)
BYTES = bundle_bytes(sample(), sample(Log.AUDIT))
EVIDENCE = [
    "access/leaves.bin",
    "access/payloads.bin",
    "access/checkpoints.txt",
    "audit/leaves.bin",
    "audit/payloads.bin",
    "audit/checkpoints.txt",
    "bundle.json",
    "vkeys.txt",
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An unpacked good export."""
    return unpack(BYTES, tmp_path / "export")


@pytest.fixture(scope="module")
def spoiled_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked export that one test changes and mends again and again."""
    return unpack(BYTES, tmp_path_factory.mktemp("spoiled"))


def check_here(place: Path) -> verify.Audit:
    """Run the script's check inside this process."""
    options = argparse.Namespace(bundle=place, log=None, vkeys=None, command="report", argument=None)
    with verify.Audit(options) as audit:
        audit.run()
    return audit


def test_script_beside_the_unpacked_files_says_good(place: Path) -> None:
    answer = run_script(place / "verify.py")
    assert answer.code == 0
    assert "result: GOOD" in answer.out
    assert "access: vb-7f3a/visitlog/access: 26 entries, signed up to 26, 4 checkpoints, 23 bodies" in answer.out
    assert answer.err == ""


def test_zip_is_checked_unopened_by_a_script_from_elsewhere_and_by_itself(tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    archive.write_bytes(BYTES)
    assert run_script(SCRIPT, "--bundle", str(archive)).code == 0
    assert "result: GOOD" in run_script(archive).out


def test_report_for_programs_holds_the_same(place: Path) -> None:
    report = json.loads(run_script(place / "verify.py", "--json").out)
    assert report["verdict"] == "good"
    assert report["findings"] == []
    assert report["logs"]["audit"]["missing"] == 3
    assert report["logs"]["access"]["erasures"] == 2


def test_printed_checkpoint_serves_the_later_consistency_check(place: Path, tmp_path: Path) -> None:
    printed = run_script(place / "verify.py", "checkpoint", "--log", "access").out.rstrip("\n") + "\n"
    assert printed == sample().notes[-1]
    kept = tmp_path / "kept"
    kept.write_text(printed, encoding="utf-8")
    later = sample()
    later.happen(3)
    later.checkpoint()
    place = unpack(bundle_bytes(later, sample(Log.AUDIT)), tmp_path / "later")
    assert run_script(place / "verify.py", "consistency", str(kept)).code == 0


def test_checkpoint_of_nothing_here_or_missing_is_incomplete(place: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert run_script(place / "verify.py", "consistency", str(kept)).code == 2
    kept.write_text("elsewhere\n1\nAAAA\n\n", encoding="utf-8")
    assert run_script(place / "verify.py", "consistency", str(kept)).code == 2
    kept.write_text(sample().notes[-1], encoding="utf-8")
    assert run_script(place / "verify.py", "--log", "audit", "consistency", str(kept)).code == 2


def test_holes_are_listed_with_their_reason(place: Path) -> None:
    answer = run_script(place / "verify.py", "holes", "--log", "access")
    assert answer.out.splitlines() == [
        "access: entries 2 to 3, class 3, due 2026-03-30: erased on 2026-05-01 by ERASE entry 10",
        "access: entry 12, class 3, due 2026-03-31: erased on 2026-03-04 by ERASE entry 24 on an order",
    ]


def test_bodies_are_printed_with_names_for_their_fields(place: Path) -> None:
    lines = [json.loads(line) for line in run_script(place / "verify.py", "payloads").out.splitlines()]
    first = lines[0]
    assert (first["log"], first["seq"], first["fields"]["granted"]) == ("access", 0, 1)
    assert first["fields"]["scanned_at"] == "2026-03-02T12:00:00.000000Z"
    assert next(line["fields"]["ranges"] for line in lines if line["type"] == verify.ERASE) == [[2, 3]]
    assert len(lines) == 46


@pytest.mark.parametrize("seq", [0, 2, 25])
def test_inclusion_proof_holds_by_the_other_code(place: Path, seq: int) -> None:
    answer = run_script(place / "verify.py", "include", str(seq), "--log", "access")
    head, index, *rest = answer.out.splitlines()
    proof = [base64.b64decode(line) for line in rest[: rest.index("")]]
    leaves = [leaf_hash(row.leaf) for row in sample().rows if row.leaf]
    assert (answer.code, head, index) == (0, "c2sp.org/tlog-proof@v1", f"index {seq}")
    assert includes(leaves[seq], (seq, len(leaves)), proof, tree_root(leaves))


def test_entry_that_is_not_there_is_incomplete(place: Path) -> None:
    assert run_script(place / "verify.py", "include", "26").code == 2


@pytest.mark.parametrize("arguments", [["include"], ["include", "x"], ["consistency"], ["report", "x"], ["nonsense"]])
def test_wrong_use_is_never_good(place: Path, arguments: list[str]) -> None:
    assert run_script(place / "verify.py", *arguments).code == 2


def test_own_copy_of_the_keys_shows_an_export_signed_by_another(place: Path, tmp_path: Path) -> None:
    keys = tmp_path / "vkeys"
    keys.write_text((place / "vkeys.txt").read_text(encoding="utf-8"), encoding="utf-8")
    assert run_script(place / "verify.py", "--vkeys", str(keys)).code == 0
    strangers = [SigningKey.from_seed(f"vb-7f3a/visitlog/{log}", bytes(32)).verifier for log in ("access", "audit")]
    keys.write_text("".join(f"{key}\n" for key in strangers), encoding="utf-8")
    assert run_script(place / "verify.py", "--vkeys", str(keys)).code == 1


@pytest.mark.parametrize("name", EVIDENCE)
def test_missing_file_is_incomplete(place: Path, name: str) -> None:
    (place / name).unlink()
    assert run_script(place / "verify.py").code == 2


@pytest.mark.parametrize("name", EVIDENCE)
def test_emptied_or_cut_file_is_never_good(place: Path, name: str) -> None:
    whole = (place / name).read_bytes()
    parts = [b"", whole[:-1], whole[: len(whole) // 2]]
    # A list of keys says the same without its last line end.
    for part in parts if name != "vkeys.txt" else (parts[0], parts[2]):
        (place / name).write_bytes(part)
        assert check_here(place).findings.verdict() != verify.GOOD


def test_export_of_one_log_is_incomplete_unless_asked_for(tmp_path: Path) -> None:
    place = unpack(bundle_bytes(sample()), tmp_path)
    assert run_script(place / "verify.py").code == 2
    assert run_script(place / "verify.py", "--log", "access").code == 0


def test_missing_zip_and_a_file_that_is_no_zip_are_incomplete(tmp_path: Path) -> None:
    assert run_script(SCRIPT, "--bundle", str(tmp_path / "none.zip")).code == 2
    assert run_script(SCRIPT).code == 2
    (tmp_path / "cut.zip").write_bytes(BYTES[: len(BYTES) // 2])
    assert run_script(SCRIPT, "--bundle", str(tmp_path / "cut.zip")).code == 2


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(EVIDENCE), st.integers(0), st.integers(0, 7))
def test_no_changed_bit_in_any_evidence_passes(spoiled_place: Path, name: str, place: int, bit: int) -> None:
    file = spoiled_place / name
    whole = file.read_bytes()
    spoiled = bytearray(whole)
    spoiled[place % len(whole)] ^= 1 << bit
    try:
        file.write_bytes(spoiled)
        assert check_here(spoiled_place).findings.verdict() != verify.GOOD
    finally:
        file.write_bytes(whole)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(BYTES) - 1), st.integers(0, 7))
def test_changed_bit_in_the_zip_shows_unless_the_evidence_reads_the_same(tmp_path: Path, place: int, bit: int) -> None:
    spoiled = bytearray(BYTES)
    spoiled[place] ^= 1 << bit
    archive = tmp_path / "spoiled.zip"
    archive.write_bytes(spoiled)
    if check_here(archive).findings.verdict() == verify.GOOD:
        with zipfile.ZipFile(archive) as changed, zipfile.ZipFile(io.BytesIO(BYTES)) as whole:
            assert [changed.read(name) for name in EVIDENCE] == [whole.read(name) for name in EVIDENCE]


def test_same_content_gives_the_same_bytes_even_to_a_pipe() -> None:
    class Pipe(io.BytesIO):
        """Goes forward only."""

        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    pipe, again = Pipe(), Pipe()
    for target in (pipe, again):
        log = sample()
        write_bundle(target, [log.export()], [log.key.verifier])
    assert pipe.getvalue() == again.getvalue()
    with zipfile.ZipFile(io.BytesIO(pipe.getvalue())) as archive:
        assert archive.testzip() is None


def test_writer_takes_one_entry_at_a_time() -> None:
    """Whatever is handed in is pulled as it is written, never gathered first."""
    log, pulled = sample(), 0

    def leaves() -> Iterator[bytes]:
        nonlocal pulled
        for row in log.rows:
            pulled += 1
            yield row.leaf or b""
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_bundle(io.BytesIO(), [LogExport(log.log, log.origin, leaves(), [], [])], [])
    assert pulled == 26


@pytest.mark.parametrize(
    ("leaves", "payloads"),
    [
        ([b"short"], []),
        ([], [(1, bytes(32), b""), (1, bytes(32), b"")]),
        ([], [(0, b"salt", b"")]),
        ([], [(0, bytes(32), bytes(70_000))]),
    ],
)
def test_writer_refuses_what_the_checker_could_not_read(
    leaves: list[bytes], payloads: list[tuple[int, bytes, bytes]]
) -> None:
    with pytest.raises(ValueError, match=r"leaf|payload"):
        write_bundle(io.BytesIO(), [LogExport(Log.ACCESS, "o", leaves, payloads, [])], [])


def test_script_stands_alone_on_python_3_9() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_many_findings_of_a_kind_are_counted_and_few_are_shown(tmp_path: Path) -> None:
    log = SampleLog()
    log.happen(60)
    log.checkpoint()
    for seq in range(0, 60, 2):
        log.drop_body(seq)
    place = unpack(bundle_bytes(log), tmp_path)
    answer = run_script(place / "verify.py", "--log", "access")
    assert answer.code == 1
    assert "10 more of the kind hole" in answer.out
    assert len(log.report().findings) == verify.SHOWN_PER_KIND
