"""The matrix is complete: what can be answered is answered in some variant, and what is refused is refused."""

import subprocess
import sys

import pytest

from tests.support.rendering import QUESTIONS, TEMPLATE, Workplace
from tests.support.variants import (
    COSMETIC,
    TEXTS,
    behavioural,
    behavioural_choices,
    choices,
    combinations,
    cosmetic,
    covered,
    facts,
    refused,
    refused_pairs,
    texts,
)


def test_every_question_is_behavioural_cosmetic_or_words() -> None:
    asked = {question for question in QUESTIONS if not question.startswith("_")}

    assert set(behavioural_choices()) | COSMETIC | set(TEXTS) == asked
    assert set(TEXTS) == texts()


def test_every_combination_of_choices_is_executed_or_refused() -> None:
    executed = {facts(variant) for variant in behavioural()}

    for variant in combinations(behavioural_choices()):
        assert variant in refused() or facts(variant) in executed


def test_variants_differ_in_their_facts() -> None:
    assert len({facts(variant) for variant in behavioural()}) == len(behavioural())


def test_every_two_answers_meet() -> None:
    parameters = choices() | TEXTS
    wanted = {
        frozenset({(one, a), (other, b)})
        for one in parameters
        for other in parameters
        if one < other
        for a in parameters[one]
        for b in parameters[other]
    } - {pair for combination in refused() for pair in refused_pairs(combination)}

    assert wanted - covered(cosmetic()) == set()


def test_refused_combinations_are_refused_with_their_sentence(workplace: Workplace) -> None:
    for combination in refused():
        done = workplace.cookiecutter(**combination.answers)

        assert done.returncode == 1
        assert done.stdout.count("\n") == 1
        assert workplace.left() == []


@pytest.mark.slow
def test_any_answer_makes_a_slice() -> None:
    for question, answers in behavioural_choices().items():
        for answer in answers:
            command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--variant", f"{question}={answer}"]
            done = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout
            assert f"{question}={answer}" in done.stdout
