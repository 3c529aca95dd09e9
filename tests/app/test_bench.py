"""The bench measures and reports; how fast anything is, no test says."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from visitor.app.bench import report
from visitor.app.bench.catalogue import TITLES, benches
from visitor.app.bench.rounds import QUICK, Bench, Contest, Figure, Size, run
from visitor.cli import main


def bench(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["bench", *arguments])
    return result.exit_code, result.output


def test_each_figure_stands_beside_a_bare_program(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    code, output = bench("--quick", "--only", "badges", "--json", str(file))

    assert code == 0, output
    measured = json.loads(file.read_text())
    assert len(measured["figures"]) >= 4
    for figure in measured["figures"]:
        assert figure["bench"] == "badges"
        assert len(figure["product"]) == len(figure["bare"]) == measured["rounds"] == QUICK.rounds
        assert all(value > 0 for value in figure["product"] + figure["bare"])
        assert figure["ratio_min"] <= figure["ratio"] <= figure["ratio_max"]
    assert "ratio" in output


def test_every_bench_can_be_set_up() -> None:
    assert [bench.name for bench in benches(())] == list(TITLES)


def test_an_unknown_bench_is_named_and_nothing_is_measured() -> None:
    code, output = bench("--only", "coffee")

    assert code == 2
    assert "There is no bench coffee" in output


def test_product_and_bare_program_take_turns_and_change_who_begins() -> None:
    order: list[str] = []

    def ran(name: str) -> dict[str, float]:
        order.append(name)
        return {"per second": 2.0 if name == "product" else 4.0}

    @contextmanager
    def prepare(_size: Size) -> Generator[Sequence[Contest]]:
        yield [Contest("Nothing", lambda: ran("product"), lambda: ran("bare"), "nothing, simply")]

    figures = run(Bench("none", "Nothing", prepare), QUICK, lambda _what: None)

    assert order == ["product", "bare", "bare", "product"]
    assert [figure.ratio for figure in figures] == [0.5]


@pytest.mark.parametrize(
    ("value", "text"), [(3412.2, "3,412"), (41.23, "41.2"), (0.284, "0.28"), (1.0, "1.0"), (100.0, "100")]
)
def test_figures_have_as_many_digits_as_they_deserve(value: float, text: str) -> None:
    assert report.number(value) == text


def test_the_page_names_machine_rounds_and_ratio() -> None:
    figure = Figure("scans", "Scans", "per second", "bare Flask", [300.0, 320.0], [600.0, 640.0])

    page = report.page([figure], QUICK, date(2026, 3, 2))

    assert "2026-03-02" in page
    assert "**0.50**" in page
    assert "bare Flask" in page
