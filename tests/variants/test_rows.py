"""The rows cover what they have to: every two choices, every three of some, and each option on, off and taken out."""

import itertools
import re
import subprocess
import sys

import pytest

from answers_for_cookiecutter_2 import REQUIREMENTS, errors_of
from tests.support.interpreters import PYTHONS
from tests.support.rendering import QUESTIONS, TEMPLATE, Workplace
from tests.support.template import compiled
from tests.support.variants import (
    ALONE,
    COSMETIC,
    OFF,
    TEXTS,
    TOGETHER,
    Variant,
    behavioural,
    behavioural_choices,
    choices,
    combinations,
    covered,
    is_refused,
    is_refused_with,
    parameters,
    products,
    refused,
    required_choices,
    rotation,
    rows,
    texts,
)
from tests.variants.test_openapi import exhaustive

ENDPOINT = re.compile(
    r"^ *(?:@\w+\.(?:get|post|put|patch|delete)|app\.add_(?:api_route|url_rule))\([^,)]*", re.MULTILINE
)


def test_every_question_is_behavioural_cosmetic_or_words() -> None:
    asked = {question for question in QUESTIONS if not question.startswith("_")}

    assert set(behavioural_choices()) | COSMETIC | set(TEXTS) == asked
    assert set(TEXTS) == texts()
    assert set(TOGETHER) <= set(behavioural_choices())


# Besides the gateway.
CODE = ("my_service/", "migrations/", "tests/", "dev/")


def test_cosmetic_choices_change_no_code() -> None:
    for question in COSMETIC:
        for variant in combinations():
            for answer in choices()[question]:
                own, other = (compiled().render(each.answers) for each in (variant, variant.but(**{question: answer})))
                changed = {path for path in own if own[path] != other.get(path)}
                assert not any(path.startswith(CODE) for path in changed)


def has_effect(choices_: tuple[tuple[str, str], ...]) -> bool:
    """Return whether some combination has these choices and all of its answers have an effect."""
    needed = {pair for pair in choices_ if pair[0] in behavioural_choices()}
    return any(needed <= set(variant.pairs) for variant in behavioural())


@pytest.mark.parametrize(("strength", "questions"), [(2, tuple(parameters())), (3, TOGETHER)])
def test_choices_meet_in_a_row(strength: int, questions: tuple[str, ...]) -> None:
    wanted = {
        frozenset(chosen)
        for some in itertools.combinations(questions, strength)
        if COSMETIC.isdisjoint(some) or "framework" in some
        for chosen in itertools.product(*([(name, value) for value in parameters()[name]] for name in some))
        if has_effect(chosen) and not any(is_refused_with(*pair) for pair in itertools.permutations(chosen, 2))
    }

    assert len(wanted) > 30
    assert wanted - covered(rows()) == set()


def test_rows_can_be_answered() -> None:
    for row in rows():
        assert not is_refused(row.answers)
        assert list(dict(row.pairs)) == list(parameters())


def test_options_are_all_on_all_off_and_taken_out() -> None:
    options = {name: OFF & set(values) for name, values in behavioural_choices().items() if OFF & set(values)}

    def on_or_off(about: str) -> list[dict[str, bool]]:
        return [
            {name: row.answers[name] not in off for name, off in options.items()} for row in rows() if row.has(about)
        ]

    for framework in choices()["framework"]:
        assert dict.fromkeys(options, False) in on_or_off(f"framework={framework}")
        assert dict.fromkeys(options, True) in on_or_off(f"framework={framework}")
    for database in set(choices()["database"]) - OFF:
        assert dict.fromkeys(options, True) in on_or_off(f"database={database}")
    for name in options:
        # Without a database, there is nothing else, and no mail without jobs.
        without = dict.fromkeys(options, name != "database") | {name: False}
        without |= {"mail": False} if name == "jobs" else {}
        assert without in on_or_off("")


def test_rotation_gives_every_combination_on_every_interpreter() -> None:
    executed = {behaviour(row) for row in rows()}
    number = 0
    while len(executed) < len(behavioural()) * len(PYTHONS):
        assert number < len(behavioural()) * len(PYTHONS)
        for row in rotation(number):
            executed.add(behaviour(row))
        number += 1


def behaviour(row: Variant) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in row.pairs if pair[0] not in COSMETIC)


def test_rows_that_are_fuzzed_have_every_endpoint_of_each_framework() -> None:
    for framework in choices()["framework"]:
        about = f"framework={framework}"
        wanted = {each for variant in behavioural() if variant.has(about) for each in endpoints(variant)}
        fuzzed = {each for variant in exhaustive() if variant.has(about) for each in endpoints(variant)}
        assert wanted
        assert wanted - fuzzed == set()


def test_rows_that_are_fuzzed_have_every_option_on_each_database() -> None:
    options = {"example=posts", "auth=accounts", "metrics=prometheus", "mail=smtp", "pages=html"}
    domains = {"example=posts", "auth=accounts"}
    for database in set(choices()["database"]) - OFF:
        for option in options:
            assert any(variant.has(f"database={database},{option}") for variant in exhaustive())
        for framework, domain in itertools.product(choices()["framework"], domains):
            about = f"framework={framework},database={database},{domain}"
            assert any(variant.has(about) for variant in exhaustive())


def endpoints(variant: Variant) -> set[tuple[str, str]]:
    """Return the endpoints of the API; those of pages are not in the document that a fuzzer reads."""
    files = compiled().render(variant.answers)
    sources = {
        path: text
        for path, text in files.items()
        if path.endswith(".py") and not path.startswith(("tests/", "my_service/pages/"))
    }
    return {(path, endpoint) for path, text in sources.items() for endpoint in ENDPOINT.findall(text)}


def test_combinations_are_refused_if_a_requirement_is_missing() -> None:
    sentences = {variant: errors_of(compiled().context(variant.answers)) for variant in products(required_choices())}

    assert {variant for variant, errors in sentences.items() if errors} == set(refused())
    reasons = {requirement.reason for requirement in REQUIREMENTS if not requirement.is_omitted}
    assert all(any(reason in "".join(errors) for errors in sentences.values()) for reason in reasons)


@pytest.mark.parametrize("number", range(0, len(refused()), max(1, len(refused()) // 4)))
def test_refused_combinations_are_refused_with_their_sentences(number: int, workplace: Workplace) -> None:
    answers = refused()[number].answers

    done = workplace.cookiecutter(**answers)

    assert done.returncode == 1
    assert done.stdout.splitlines() == errors_of(compiled().context(answers))
    assert workplace.left() == []


def collected(*options: str) -> str:
    command = [sys.executable, "-m", "pytest", "tests/variants/test_suite.py", "--collect-only", "--quiet", *options]
    done = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_any_answer_makes_a_slice() -> None:
    for question, answers in parameters().items():
        for answer in answers:
            assert (question, answer) in ALONE or any(row.has(f"{question}={answer}") for row in rows())


def test_slice_has_the_rows_that_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESH", "1")
    wanted = "framework=flask,database=none"

    suites = [line for line in collected("--variant", wanted).splitlines() if "own_suite_passes" in line]

    assert len(suites) == sum(row.has(wanted) for row in rows())
    assert all(part in line for part in wanted.split(",") for line in suites)


def test_more_rows_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESH", "1")

    assert rotation(3)[0].name() in collected("--rotation", "3")
    every = collected("--all-variants")
    assert all(any(f"[{variant.name()}" in line for line in every.splitlines()) for variant in behavioural())
