"""The bench measures and reports; how fast anything is, no test says."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from visitor.app.bench import report, rush, rush_report, targets
from visitor.app.bench.catalogue import FULL, QUICK, TITLES, subjects
from visitor.app.bench.places import Place, Sqlite
from visitor.app.bench.report import Measured
from visitor.app.bench.rounds import PRODUCT, RATE, Beside, Contest, Figure, Size, Subject, Wanted, run
from visitor.app.bench.rush_report import Crowd, Rush, Times
from visitor.app.bench.targets import TARGETS, Judgement, Reached
from visitor.app.bench.trips import READY
from visitor.cli import main

EVERYTHING = Wanted()


def bench(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["bench", *arguments])
    return result.exit_code, result.output


def figure(key: str, unit: str, product: list[float], bare: list[float], database: str = "SQLite") -> Figure:
    return Figure("scans", database, Beside(key, "Scans", "bare Flask", (unit,)), unit, product, bare)


def measured(*figures: Figure) -> Measured:
    return Measured(figures, QUICK, date(2026, 3, 2), ("SQLite 3",))


def test_each_figure_stands_beside_a_bare_program_and_its_targets(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    code, output = bench("--quick", "--only", "badges", "--database", "sqlite", "--json", str(file))

    assert code == 0, output
    found = json.loads(file.read_text())
    assert {one["key"] for one in found["figures"]} == {
        f"badges.{kind}" for kind in ("png", "pdf", "batch", "bytes", "raster")
    }
    for one in found["figures"]:
        assert len(one["product"]) == len(one["bare"]) in {1, QUICK.rounds}
        assert all(value > 0 for value in one["product"] + one["bare"])
        assert one["ratio_min"] <= one["ratio"] <= one["ratio_max"]
    assert {one["id"] for one in found["targets"]} == {"B1", "B2", "B4"}
    assert "ratio" in output


def test_every_subject_can_be_set_up() -> None:
    assert [subject.name for subject in subjects()] == list(TITLES)


def test_no_target_that_was_set_is_left_out_and_the_sizes_are_those_that_were_set() -> None:
    wanted = "D1 D2 D3 D4 D5 D6 D7 D8 D9 S1 B1 B2 B3 B4 Q1 L1 L2 L3 P1 P2 P3 V1 C1 C2 M1"

    assert {target.id for target in TARGETS} == set(wanted.split())
    assert (FULL.badges, FULL.events) == ((20_000, 200_000), (10**5, 10**6, 10**7))
    assert (FULL.entries, FULL.expired, FULL.mass, FULL.pages) == (10**6, 10**6, 10**5, 200)
    assert FULL.rounds >= 5


def test_every_target_names_a_figure_of_a_subject() -> None:
    assert {target.key.split(".")[0] for target in TARGETS} <= set(TITLES)


def test_an_unknown_bench_is_named_and_nothing_is_measured() -> None:
    code, output = bench("--only", "coffee")

    assert code == 2
    assert "There is no bench coffee" in output


def test_only_a_target_measures_its_own_figures_alone(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    code, output = bench("--quick", "--only", "B2", "--database", "sqlite", "--json", str(file))

    assert code == 0, output
    assert [one["key"] for one in json.loads(file.read_text())["figures"]] == ["badges.bytes"]


def test_all_sides_take_turns_and_change_who_begins() -> None:
    order: list[str] = []

    def ran(name: str) -> dict[str, float]:
        order.append(name)
        return {RATE: 2.0 if name == PRODUCT else 4.0}

    def contests(_place: Place, _size: Size) -> Iterator[Contest]:
        sides = {PRODUCT: lambda: ran(PRODUCT), "simply": lambda: ran("simply"), "unused": lambda: ran("unused")}
        yield Contest(sides, [Beside("none.first", "Nothing", "simply")])

    figures = list(run(Subject("none", "Nothing", contests), Sqlite(), QUICK, EVERYTHING, lambda _what: None))

    assert order == [PRODUCT, "simply", "simply", PRODUCT]
    assert [one.ratio for one in figures] == [0.5]


@pytest.mark.parametrize(
    ("key", "unit", "ratio", "reached"),
    [
        ("scans.8", "per second", 0.5, Reached.NO),
        ("scans.8", "per second", 0.7, Reached.YES),
        ("scans.8", "per second", 1.2, Reached.STRETCH),
        ("purge.doors", "p99 ms", 2.5, Reached.NO),
        ("purge.doors", "p99 ms", 1.9, Reached.YES),
        ("purge.doors", "p99 ms", 1.1, Reached.STRETCH),
        ("codes.480", "codes found", 0.9, Reached.NO),
        ("codes.480", "codes found", 1.0, Reached.STRETCH),
    ],
)
def test_a_target_is_judged_by_the_middle_round(key: str, unit: str, ratio: float, reached: Reached) -> None:
    judgements = targets.judged([figure(key, unit, [ratio * 2, 0.0, ratio], [1.0, 1.0, 1.0])])

    assert [one.reached for one in judgements if not one.target.peer] == [reached]


def test_a_target_against_an_absent_peer_is_never_claimed() -> None:
    judgements: list[Judgement] = targets.judged([figure("scans.8", RATE, [9e9], [1.0], "PostgreSQL")])

    absent = [one for one in judgements if one.target.peer]
    assert [one.target.id for one in absent] == ["D1"]
    assert absent[0].reached is Reached.ABSENT


@pytest.mark.parametrize(
    ("value", "text"),
    [(3412.2, "3,412"), (41.23, "41.2"), (0.284, "0.28"), (1.0, "1.0"), (100.0, "100"), (0.0421, "0.042")],
)
def test_figures_have_as_many_digits_as_they_deserve(value: float, text: str) -> None:
    assert report.number(value) == text


def test_the_page_names_machine_rounds_and_ratio_and_shows_what_falls_short() -> None:
    page = report.page(measured(figure("scans.8", RATE, [300.0, 320.0], [600.0, 640.0])))

    assert "2026-03-02" in page
    assert "SQLite 3" in page
    assert "**0.50**" in page
    assert "| D2 |" in page
    assert "| **no** |" in page


def test_figures_of_an_earlier_run_are_shown_as_they_were() -> None:
    before = measured(figure("scans.8", RATE, [300.0], [600.0]))
    content = json.loads(report.as_json(before))

    again = measured(*(Figure.from_json(one) for one in content["figures"]))

    assert report.page(again) == report.page(before)


def test_round_trips_are_counted_as_the_protocol_shows_them() -> None:
    assert b"B\t5\tReadyForQuery\t I\n".count(READY) == 1


def rushed(crowd: Crowd, serving: list[float]) -> Rush:
    return Rush("SQLite", crowd, {"scan": Times.of([1.0, 2.0])}, [200.0] * 9, [], serving)


def test_memory_that_grows_is_told_by_the_hour() -> None:
    filling = [100.0 + second for second in range(50)]
    assert rushed(rush.soak(1), [*filling, *[150.0] * 60]).slope == pytest.approx(0)
    assert rushed(rush.soak(1), [150 + second / 3600 for second in range(100)]).slope == pytest.approx(1)


def test_a_day_is_shown_beside_the_rush_and_an_earlier_one_is_read_again() -> None:
    both = [rushed(rush.crowd(10, small=False), []), rushed(rush.soak(60), [90.0, 151.0, 150.0, 150.0])]
    page = report.page(Measured([], QUICK, date(2026, 11, 22), (), both))
    assert page.index("## The Monday rush") < page.index("## All day long")
    assert "90, 151, 150 MB; +0 MB an hour over the last half" in page
    assert "3 clerks go from page to page and print badges." in page
    assert "the process that answers: 90, 151, 150 MB" in "\n".join(rush_report.lines(both[1]))

    old = json.loads(json.dumps(both[0].as_json()))
    del old["serving"], old["crowd"]["clerks"]
    again = Rush.from_json(old)
    assert (again.crowd, again.times, list(again.serving)) == (both[0].crowd, both[0].times, [])


def test_a_day_of_an_hour_has_sixty_times_the_sign_ins_of_a_minute() -> None:
    assert rush.soak(60).sign_ins == 60 * rush.soak(1).sign_ins
