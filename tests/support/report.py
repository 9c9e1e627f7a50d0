"""What a run of the suite shows: how far it is, how to repeat a failure, and a table of variants and checks."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.results import Results


class Report:
    """A pytest plugin of the process that prints."""

    def __init__(self, config: pytest.Config, results: Results) -> None:
        self.config, self.results = config, results
        self.cells: dict[tuple[str, str], list[pytest.TestReport]] = defaultdict(list)
        self.extensions: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        if "variant" in properties and (report.when == "call" or report.failed):
            self.cells[str(properties["variant"]), str(properties["check"])].append(report)
        if "extension" in properties and (report.when == "call" or report.failed):
            self.extensions.append(f"{report.outcome}: {properties['extension']}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for report in terminalreporter.stats.get("failed", []) + terminalreporter.stats.get("error", []):
            terminalreporter.write_line(f"repeat: .venv/bin/python -m pytest '{report.nodeid}'")
            # An error of collection has no properties.
            if project := dict(getattr(report, "user_properties", [])).get("project"):
                terminalreporter.write_line(f"project: {project}")
        if self.extensions:
            terminalreporter.section("extensions")
            for line in sorted(self.extensions):
                terminalreporter.write_line(line)
            write_summary(f"- {line}" for line in sorted(self.extensions))
        known = len(self.results.known)
        if self.cells or known:
            terminalreporter.section("variants")
            for line in self.table():
                terminalreporter.write_line(line)
            if known:
                terminalreporter.write_line(
                    f"known: {known} tests passed before with the same content; FRESH=1 runs them"
                )
            write_summary(self.table())

    def table(self) -> list[str]:
        """Return Markdown: a row for each variant, a column for each check, seconds in the cells."""
        known = {(variant, check) for variant, check in self.results.known}
        variants = sorted({variant for variant, _ in [*self.cells, *known]})
        checks = sorted({check for _, check in [*self.cells, *known]})
        rows = [["variant", *checks, "seconds"]]
        for variant in variants:
            reports = [self.cells.get((variant, check), []) for check in checks]
            total = sum(report.duration for cell in reports for report in cell)
            cells = [cell(each, (variant, check) in known) for check, each in zip(checks, reports, strict=True)]
            rows.append([variant, *cells, f"{total:.1f}"])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rows.insert(1, ["-" * width for width in widths])
        return [f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |" for row in rows]


def write_summary(lines: Iterable[str]) -> None:
    """Append Markdown to the summary of a workflow, if there is one."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))


def cell(reports: list[pytest.TestReport], is_known: bool) -> str:
    """Sum up a check of a variant: its seconds, how many of its tests failed, or that it need not run again."""
    failed = sum(report.failed for report in reports)
    if failed:
        return f"{failed} of {len(reports)} failed"
    return f"{sum(report.duration for report in reports):.1f}" if reports else "known" * is_known
