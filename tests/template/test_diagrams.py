"""The diagrams of the documentation are valid, in the part of Mermaid's language that they use."""

import re
from collections.abc import Callable

import pytest

from tests.support.documentation import blocks
from tests.support.rendering import TEMPLATE

PAGES = [*TEMPLATE.glob("*.md"), *(TEMPLATE / "docs").rglob("*.md")]
DIAGRAMS = [
    pytest.param(block.text, id=f"{page.relative_to(TEMPLATE)}:{block.line}")
    for page in sorted(PAGES)
    for block in blocks(page.read_text(encoding="utf-8"))
    if block.language == "mermaid"
]

# Words that Mermaid does not take for the name of a node or a participant.
RESERVED = "class|classDef|click|default|direction|end|flowchart|graph|href|linkStyle|style|subgraph"
NAME = rf"(?!(?:{RESERVED})\b)[A-Za-z]\w*"
# Quotes end a label, and a semicolon or `#` ends a statement.
LABEL = r'"[^"#;\n]+"'
TEXT = r"[^#;\n]+"
NODE = rf"({NAME})(?:\[{LABEL}\]|\({LABEL}\)|\{{{LABEL}\}})?"
ARROW = rf"(?:-->|-\.->|==>)(?:\|{LABEL}\|)?"


class InvalidDiagram(ValueError):
    """A diagram that Mermaid may not show."""


def check(diagram: str) -> None:
    """Raise InvalidDiagram if a line is not understood, or names a node or a participant that is not declared."""
    first, *lines = [line.strip() for line in diagram.splitlines() if line.strip()] or [""]
    kinds: dict[str, Callable[[list[str]], None]] = {
        r"flowchart (TD|TB|BT|LR|RL)": check_flowchart,
        r"sequenceDiagram": check_sequence,
    }
    check_kind = next((kinds[kind] for kind in kinds if re.fullmatch(kind, first)), None)
    if check_kind is None:
        raise InvalidDiagram(f"unknown type of diagram: {first}")
    if not lines:
        raise InvalidDiagram("the diagram is empty")
    check_kind(lines)


def check_flowchart(lines: list[str]) -> None:
    """Check nodes and edges; every node has a label once."""
    named: set[str] = set()
    labelled: list[str] = []
    open_groups = 0
    for line in lines:
        if re.fullmatch(rf"subgraph {NAME}(\[{LABEL}\])?", line):
            open_groups += 1
        elif line == "end":
            open_groups -= 1
            if open_groups < 0:
                raise InvalidDiagram("`end` without a subgraph")
        elif re.fullmatch(rf"{NODE}(?: {ARROW} {NODE})*", line):
            without_labels = re.sub(LABEL, '""', line)
            named |= set(re.findall(rf"\b{NAME}", without_labels))
            labelled += re.findall(rf"\b({NAME})[\[({{]", without_labels)
        else:
            raise InvalidDiagram(f"not a node and not an edge: {line}")
    if open_groups:
        raise InvalidDiagram("a subgraph has no `end`")
    if named != set(labelled):
        raise InvalidDiagram(f"without a label: {named - set(labelled)}")
    if len(labelled) != len(set(labelled)):
        raise InvalidDiagram("a node has two labels")


def check_sequence(lines: list[str]) -> None:
    """Check participants, messages, notes and groups."""
    declared: set[str] = set()
    open_groups = 0
    for line in lines:
        if match := re.fullmatch(rf"(?:participant|actor) ({NAME})(?: as {TEXT})?", line):
            if match[1] in declared:
                raise InvalidDiagram(f"declared twice: {match[1]}")
            declared.add(match[1])
        elif match := re.fullmatch(
            rf"({NAME})(?:->>|-->>)({NAME}): {TEXT}|Note (?:over|left of|right of) ({NAME})(?:,({NAME}))?: {TEXT}", line
        ):
            if unknown := {name for name in match.groups() if name} - declared:
                raise InvalidDiagram(f"not declared: {unknown}")
        elif re.fullmatch(rf"(alt|opt|loop) {TEXT}", line):
            open_groups += 1
        elif re.fullmatch(rf"else {TEXT}", line) and open_groups:
            continue
        elif line == "end" and open_groups:
            open_groups -= 1
        else:
            raise InvalidDiagram(f"not a participant, a message or a note: {line}")
    if open_groups:
        raise InvalidDiagram("a group has no `end`")


@pytest.mark.parametrize("diagram", DIAGRAMS)
def test_diagram_is_valid(diagram: str) -> None:
    check(diagram)


def test_pages_with_a_diagram_are_found() -> None:
    found = {str(each.id).partition(":")[0] for each in DIAGRAMS}

    assert found >= {"README.md", "docs/layout.md", "docs/tour.md"}


FLOWCHART = 'flowchart TD\n    a["A: (1)"] --> b["B<br>2"]\n    b --> c("C")\n    a -->|"no"| c\n'
SEQUENCE = """sequenceDiagram
    participant client
    participant server as cli/server.py
    client->>server: GET /livez
    Note over client,server: a connection
    alt up
        server-->>client: 200
    else down
        server-->>client: 503
    end
"""


@pytest.mark.parametrize("diagram", [FLOWCHART, SEQUENCE])
def test_correct_diagram_is_accepted(diagram: str) -> None:
    check(diagram)


@pytest.mark.parametrize(
    ("diagram", "correct", "broken"),
    [
        (FLOWCHART, "flowchart TD", ""),
        (FLOWCHART, "flowchart TD", "flowchart DOWN"),
        (FLOWCHART, "flowchart", "flow"),
        (FLOWCHART, '["A: (1)"]', '["A: (1)"'),
        (FLOWCHART, '["A: (1)"]', "[A: (1)]"),
        (FLOWCHART, '"B<br>2"', '"B"<br>2"'),
        (FLOWCHART, '["B<br>2"]', '["B<br>2")'),
        (FLOWCHART, "b --> c", "b -> c"),
        (FLOWCHART, "b --> c", "b -->"),
        (FLOWCHART, "b --> c", "d --> c"),
        (FLOWCHART, 'c("C")', 'end("C")'),
        (FLOWCHART, 'c("C")', 'c("C")\n    c["D"]'),
        (FLOWCHART, "    b -->", "    subgraph x\n    b -->"),
        (FLOWCHART, "    b -->", "    end\n    b -->"),
        (SEQUENCE, "sequenceDiagram", "sequence"),
        (SEQUENCE, "    participant client\n", ""),
        (SEQUENCE, "participant client", "participant server"),
        (SEQUENCE, "client->>server", "client->server"),
        (SEQUENCE, "client->>server:", "client->>:"),
        (SEQUENCE, ": GET /livez", ""),
        (SEQUENCE, "GET /livez", "GET /livez; HTTP/1.1"),
        (SEQUENCE, "over client,server", "over client,proxy"),
        (SEQUENCE, "    end\n", ""),
        (SEQUENCE, "    alt up\n", ""),
    ],
)
def test_broken_diagram_is_rejected(diagram: str, correct: str, broken: str) -> None:
    assert diagram.count(correct) == 1

    with pytest.raises(InvalidDiagram):
        check(diagram.replace(correct, broken))


@pytest.mark.parametrize("diagram", ["", "flowchart TD\n", "sequenceDiagram\n"])
def test_empty_diagram_is_rejected(diagram: str) -> None:
    with pytest.raises(InvalidDiagram):
        check(diagram)
