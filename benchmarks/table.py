"""The rows that benchmarks give, and the Markdown table of them."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from benchmarks.measure import Figure


class Reach(NamedTuple):
    """What a median has to be, in the unit of its row."""

    sign: Literal["≤", "≥"]
    limit: float

    def is_met_by(self, median: float) -> bool:
        return median <= self.limit if self.sign == "≤" else median >= self.limit


class Row(NamedTuple):
    """One figure: in the unit, a ratio where there is none."""

    what: str
    against: str
    figure: Figure
    reach: Reach | None
    unit: Literal["s", "MiB", ""] = ""

    def cells(self) -> list[str]:
        """Return what the table shows of the row."""
        median, lowest, highest = (f"{value:.3f}" for value in self.figure)
        unit = f" {self.unit}" if self.unit else ""
        reach, reached = "", ""
        if self.reach:
            reach = f"{self.reach.sign} {self.reach.limit:.2f}{unit}"
            reached = "yes" if self.reach.is_met_by(self.figure.median) else "no"
        return [self.what, self.against, f"{median}{unit}", f"{lowest} to {highest}", reach, reached]


def markdown(rows: Iterable[Row]) -> str:
    """Return the table of the rows."""
    return aligned([["what", "against", "median", "spread", "reach", "reached"], *(row.cells() for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return a table, its head first, whose columns are aligned in plain text as well."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head, *body = lines
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in [head, ["-" * width for width in widths], *body]
    )
