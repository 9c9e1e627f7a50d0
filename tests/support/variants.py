"""The variants of the template, computed from its questions: what can be chosen is what is tested."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

from hooks.answers import refusal
from tests.support.rendering import QUESTIONS, TEMPLATE, template_files

# Choices that change a text and nothing that runs: combined in pairs, not all with all.
COSMETIC = {"license"}

# For the questions without choices: answers as long as they may be, and such that have to be escaped.
TEXTS = {
    "project_name": ["My Service", 'it\'s "quoted" & <b>*odd*</b> \\ 🚀'],
    "project_slug": ["my-service", "s" * 100],
    "package_name": ["my_service", "P" * 60],
    "description": ["A web service", "$(x) `x` %s {0} \\n \\u0041 _a_ [b](c) #d שלום"],
    "author_name": ["Your Name", 'Zoë "Z" O\'Neill'],
    "author_email": ["you@example.com", "o'neill+tag@mail.example.co.uk"],
}


@dataclass(frozen=True)
class Variant:
    """Answers to some of the questions; the others are at their defaults."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, answers: Mapping[str, str]) -> "Variant":
        return cls(tuple(answers.items()))

    @property
    def answers(self) -> dict[str, str]:
        return dict(self.pairs)

    def has(self, wanted: str) -> bool:
        """Tell whether the answers hold those of "question=answer,question=answer"; nothing is held by all."""
        return {part.strip() for part in wanted.split(",") if part} <= {f"{name}={value}" for name, value in self.pairs}

    def name(self) -> str:
        """Return the choices; answers in words are told by their lengths."""
        words = texts()
        return ",".join(f"{name}={len(value) if name in words else value}" for name, value in self.pairs)


def choices() -> dict[str, list[str]]:
    """Return what can be chosen: `{"framework": ["fastapi", "flask"], …}`; booleans as yes and no."""
    offered = {question: default for question, default in QUESTIONS.items() if not question.startswith("_")}
    return {
        question: ["yes", "no"] if isinstance(default, bool) else [str(choice) for choice in default]
        for question, default in offered.items()
        if isinstance(default, bool | list)
    }


def texts() -> set[str]:
    """Return the questions that are answered in words."""
    return {question for question in QUESTIONS if not question.startswith("_")} - set(choices())


def combinations(questions: Mapping[str, list[str]]) -> Iterator[Variant]:
    """Combine every answer with every other."""
    for answers in itertools.product(*questions.values()):
        yield Variant(tuple(zip(questions, answers, strict=True)))


def behavioural_choices() -> dict[str, list[str]]:
    return {question: offered for question, offered in choices().items() if question not in COSMETIC}


@cache
def behavioural() -> list[Variant]:
    """Return one variant for each set of facts that the template can be rendered from, the refused ones left out."""
    by_facts: dict[tuple[tuple[str, str], ...], Variant] = {}
    for variant in combinations(behavioural_choices()):
        if refusal(context(variant)) is None:
            by_facts.setdefault(facts(variant), variant)
    return list(by_facts.values())


@cache
def refused() -> list[Variant]:
    """Return the combinations of choices that do not go together."""
    return [variant for variant in combinations(behavioural_choices()) if refusal(context(variant)) is not None]


@cache
def cosmetic() -> list[Variant]:
    """Return variants in which every two answers, cosmetic ones and words included, meet at least once."""
    return [Variant.of(row) for row in in_pairs(choices() | TEXTS)]


@cache
def context(variant: Variant) -> Mapping[str, Any]:
    """Return what cookiecutter renders a variant from: its answers, the defaults and the private variables."""
    file = TEMPLATE / "cookiecutter.json"
    return dict(prompt_for_config(generate_context(str(file), extra_context=variant.answers), no_input=True))


@cache
def used_variables() -> set[str]:
    """Return the names that files, file names and hooks of the template substitute or ask for."""
    pages = [path.read_text(encoding="utf-8") + str(path) for path in [*template_files(), *TEMPLATE.glob("hooks/*.py")]]
    return set(re.findall(r"cookiecutter\.(\w+)", "".join(pages)))


def facts(variant: Variant) -> tuple[tuple[str, str], ...]:
    """Return the variables that a render depends on, without the answers that nothing reads."""
    return tuple((name, str(value)) for name, value in context(variant).items() if name in used_variables())


def in_pairs(parameters: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    """Cover every pair of values of two parameters with few rows: each row is filled greedily with the newest pairs.

    Pairs that are refused are in no row.
    """
    never = {pair for variant in refused() for pair in refused_pairs(variant)}
    open_pairs = {
        frozenset({(one, a), (other, b)})
        for one, other in itertools.combinations(parameters, 2)
        for a in parameters[one]
        for b in parameters[other]
    } - never
    while open_pairs:
        row: dict[str, str] = dict(sorted(min(open_pairs, key=sorted)))
        for name, values in parameters.items():
            if name not in row:
                accepted = [value for value in values if not pairs(row | {name: value}) & never]
                gains = {value: len(pairs(row | {name: value}) & open_pairs) for value in accepted}
                row[name] = max(gains, key=gains.__getitem__)
        open_pairs -= pairs(row)
        yield {name: row[name] for name in parameters}


def refused_pairs(variant: Variant) -> Iterator[frozenset[tuple[str, str]]]:
    """Give the two answers that a variant is refused for, whatever the others are."""
    for two in pairs(variant.answers):
        if refusal(context(Variant(tuple(two)))) is not None:
            yield two


def pairs(answers: Mapping[str, str]) -> set[frozenset[tuple[str, str]]]:
    """Return every two answers of a row."""
    return {frozenset(two) for two in itertools.combinations(answers.items(), 2)}


def covered(variants: Iterable[Variant]) -> set[frozenset[tuple[str, str]]]:
    """Return every two answers that meet in some variant."""
    return set().union(*(pairs(variant.answers) for variant in variants))
