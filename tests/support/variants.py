"""The variants of the template, computed from its questions: what can be chosen is what is proven.

Every combination is rendered, but licences and `ci` with one of the others. Of these, the rows of a covering array are executed: every two choices that change
what runs meet in some row, every three of those that matter most to each other, and each choice that changes only texts meets each framework.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from answers_for_cookiecutter_2 import REQUIREMENTS
from tests.support.interpreters import PYTHONS
from tests.support.rendering import QUESTIONS
from tests.support.template import compiled

# The question that the template does not ask: which interpreter runs the project.
PYTHON = "python"
# Choices that change a text and nothing that runs: rows take them in turns.
COSMETIC = {"license", "container", "ci"}
# Choices whose files depend on no question but those of their group: a group is rendered with the first choices of all others.
GROUPS = (("license",), ("container", "ci"))
# Choices that go with no option: they are executed by tests of their own, not in rows.
ALONE = {("profile", "skeleton")}
# Every three choices of these meet in a row.
TOGETHER = ("framework", "database", "example", "auth")
# What a question offers where it can be answered by doing without.
OFF = {"none", "no"}
# The rows that a rotation adds.
ROTATED = 4

# For the questions without choices: answers as long as they may be, and such that have to be escaped.
TEXTS = {
    "project_name": ["My Service", 'Name: it\'s "quoted" & <b>*odd*</b> ~~c~~ [d](e) \\ back\\\\slashed 🚀 #'],
    "project_slug": ["my-service", "s" * 100],
    "package_name": ["my_service", "P" * 40],
    "description": ["A web service", "1. $(x) `x` $HOME %s {0} {} \\n \\u0041 &amp; _a_ [b](c) #d שלום"],
    "author_name": ["Your Name", 'Zoë "Z" O\'Neill'],
    "author_email": ["you@example.com", "o'neill+tag@mail.example.co.uk"],
}

Choice = tuple[str, str]
Choices = frozenset[Choice]


@dataclass(frozen=True)
class Variant:
    """Answers to some of the questions, the others being at their defaults, and an interpreter."""

    pairs: tuple[Choice, ...]

    @classmethod
    def of(cls, answers: Mapping[str, str]) -> "Variant":
        return cls(tuple(answers.items()))

    @property
    def answers(self) -> dict[str, str]:
        return {question: answer for question, answer in self.pairs if question != PYTHON}

    @property
    def python(self) -> str:
        return dict(self.pairs).get(PYTHON, PYTHONS[0])

    def but(self, **changed: str) -> "Variant":
        """Return the variant with other answers."""
        return Variant.of(dict(self.pairs) | changed)

    def twin(self) -> "Variant":
        """Return the variant of the other framework."""
        (other,) = set(choices()["framework"]) - {self.answers["framework"]}
        return self.but(framework=other)

    def has(self, wanted: str) -> bool:
        """Return whether the variant has the answers of "question=answer,question=answer"; nothing is had by all."""
        return {part.strip() for part in wanted.split(",") if part} <= {f"{name}={value}" for name, value in self.pairs}

    def name(self) -> str:
        """Return the answers, as `--variant` takes them."""
        return ",".join(f"{name}={value}" for name, value in self.pairs)


def choices() -> dict[str, list[str]]:
    """Return what can be chosen: `{"framework": ["fastapi", "flask"], …}`; booleans as yes and no."""
    return {
        question: ["yes", "no"] if isinstance(default, bool) else [str(choice) for choice in default]
        for question, default in QUESTIONS.items()
        if not question.startswith("_") and isinstance(default, bool | list)
    }


def texts() -> set[str]:
    """Return the questions that are answered in words."""
    return {question for question in QUESTIONS if not question.startswith("_")} - set(choices())


def behavioural_choices() -> dict[str, list[str]]:
    """Return the choices that change what runs."""
    return {question: offered for question, offered in choices().items() if question not in COSMETIC}


@cache
def combinations() -> list[Variant]:
    """Return every combination of choices that is not refused; those of a group with one combination of the others.

    What a container is made of depends on all questions, so each combination has each choice of it.
    """
    questions = set(choices())
    return [
        variant
        for variant in products(choices())
        if not is_refused(variant.answers)
        and (
            has_first(variant, {"license", "ci"}) or any(has_first(variant, questions - set(group)) for group in GROUPS)
        )
    ]


def has_first(variant: Variant, questions: Iterable[str]) -> bool:
    """Return whether some questions have their first choices."""
    return all(variant.answers[question] == choices()[question][0] for question in questions)


@cache
def refused() -> list[Variant]:
    """Return the combinations of choices that do not go together."""
    return [variant for variant in products(required_choices()) if is_refused(variant.answers)]


def required_choices() -> dict[str, list[str]]:
    """Return the choices of questions that require each other."""
    asked = {question for each in REQUIREMENTS for question in (each.question, each.needs)}
    return {question: offered for question, offered in choices().items() if question in asked}


def products(questions: Mapping[str, list[str]]) -> Iterator[Variant]:
    for answers in itertools.product(*questions.values()):
        yield Variant(tuple(zip(questions, answers, strict=True)))


def is_refused(answers: Mapping[str, str]) -> bool:
    """Return whether an answer needs another that is not there, according to the table of requirements."""
    return any(
        answers.get(each.question) == each.choice and answers.get(each.needs) not in each.accepted
        for each in REQUIREMENTS
        if not each.is_omitted
    )


def is_refused_with(chosen: Choice, other: Choice) -> bool:
    """Return whether a choice needs another answer to the question of the other one."""
    return any(
        chosen == (each.question, each.choice) and other[0] == each.needs and other[1] not in each.accepted
        for each in REQUIREMENTS
        if not each.is_omitted
    )


@cache
def behavioural() -> list[Variant]:
    """Return every combination of the choices that change what runs, without answers that have no effect.

    An answer has none if it is no fact, as that of the example without a database.
    """
    found = [
        variant
        for variant in products(behavioural_choices())
        if not is_refused(variant.answers) and ALONE.isdisjoint(variant.pairs)
    ]
    return [variant for variant in found if all(answer == effective(variant, name) for name, answer in variant.pairs)]


def effective(variant: Variant, question: str) -> str:
    """Return an answer, or how the question is answered by doing without if what the answer needs is not there."""
    answer = variant.answers[question]
    if answer in OFF or not {answer, question}.isdisjoint(compiled().context(variant.answers)["__facts"]):
        return answer
    return next(choice for choice in choices()[question] if choice in OFF)


def parameters() -> dict[str, list[str]]:
    """Return what rows choose from: the choices, and the interpreters of this machine."""
    return choices() | {PYTHON: PYTHONS}


@cache
def possible() -> set[Choices]:
    """Return every two choices, and every three of those in TOGETHER, that some combination has."""
    found: set[Choices] = set()
    free = {name: values for name, values in parameters().items() if name not in behavioural_choices()}
    for variant in behavioural():
        found |= subsets(variant.pairs, 2)
        found |= subsets([pair for pair in variant.pairs if pair[0] in TOGETHER], 3)
        found |= {
            frozenset({pair, (name, value)})
            for pair in variant.pairs
            for name in free
            for value in free[name]
            if not is_refused_with((name, value), pair)
        }
    for one, other in itertools.combinations(free, 2):
        found |= {frozenset({(one, a), (other, b)}) for a in free[one] for b in free[other]}
    return found


def wanted() -> set[Choices]:
    """Return the choices that must meet in a row.

    Those of a cosmetic question need only meet each framework: all of them are rendered, and no code depends on them.
    """
    return {some for some in possible() if is_wanted({question for question, _ in some})}


def is_wanted(questions: set[str]) -> bool:
    """Return whether all choices of some questions must meet."""
    return questions.isdisjoint(COSMETIC) or ("framework" in questions and len(questions) == 2)


def subsets(chosen: Iterable[Choice], size: int) -> set[Choices]:
    return {frozenset(some) for some in itertools.combinations(chosen, size)}


def covered(rows: Iterable[Variant]) -> set[Choices]:
    """Return every two and every three choices that meet in some row."""
    return set().union(*(subsets(row.pairs, 2) | subsets(row.pairs, 3) for row in rows))


@cache
def rows() -> list[Variant]:
    """Return the rows that are executed: everything on, each option taken out of it, everything off, and a covering array."""
    found: list[Variant] = []
    missing = wanted()
    beginnings = [*extremes()]
    while beginnings or missing:
        beginning = beginnings.pop(0) if beginnings else dict(min(missing, key=sorted))
        if any(beginning.items() <= dict(row.pairs).items() for row in found):
            continue
        found.append(completed(beginning, missing))
        missing -= covered(found[-1:])
    return found


def completed(beginning: Mapping[str, str], missing: set[Choices]) -> Variant:
    """Answer the other questions so that as many missing choices as possible meet."""
    row = dict(beginning)
    for name, values in parameters().items():
        if name not in row:
            accepted = [
                value for value in values if all(frozenset({(name, value), pair}) in possible() for pair in row.items())
            ]
            gains = {value: len(covered([Variant.of(row | {name: value})]) & missing) for value in accepted}
            row[name] = max(gains, key=gains.__getitem__)
    return Variant.of({name: row[name] for name in parameters()})


def extremes() -> Iterator[dict[str, str]]:
    """Give the rows to begin with.

    For each framework, everything off and everything on; and each option taken out of everything on. The frameworks and the databases take turns.
    """
    optional = {name: values for name, values in behavioural_choices().items() if not OFF.isdisjoint(values)}
    on = {name: next(value for value in values if value not in OFF) for name, values in optional.items()}
    off = {name: next(value for value in values if value in OFF) for name, values in optional.items()}
    databases = itertools.cycle(sorted(set(optional["database"]) - OFF))
    for framework in choices()["framework"]:
        yield {"framework": framework} | off
        yield {"framework": framework} | on | {"database": next(databases)}
    turns = itertools.cycle(itertools.product(sorted(set(optional["database"]) - OFF), choices()["framework"]))
    for (database, framework), name in zip(turns, optional, strict=False):
        # With an option goes what needs it.
        without = on | {"database": database} | {name: off[name]}
        needs = [
            other
            for other in on
            if other != name and frozenset({(name, off[name]), (other, on[other])}) not in possible()
        ]
        yield {"framework": framework} | without | {other: off[other] for other in needs}


def rotation(number: int) -> list[Variant]:
    """Return more rows, chosen by a number: consecutive numbers give all that the covering array leaves out."""
    executed = {without_container_and_ci(row) for row in rows()}
    everything = [
        Variant.of(variant.answers | {"license": license_, PYTHON: python})
        for python in PYTHONS
        for variant, license_ in zip(behavioural(), itertools.cycle(choices()["license"]), strict=False)
    ]
    others = [variant for variant in everything if without_container_and_ci(variant) not in executed]
    return [others[(number * ROTATED + index) % len(others)] for index in range(ROTATED)]


def without_container_and_ci(variant: Variant) -> Choices:
    """Return the answers that rotated rows differ in."""
    return frozenset(pair for pair in variant.pairs if pair[0] not in ("container", "ci"))
