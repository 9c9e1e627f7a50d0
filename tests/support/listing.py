"""The listing of `docs/variants.md`: which files a project has, for which answers, and what each depends on.

The page is written by `python -m tools.listing` and read by people in the diff of a change. The tests compare every
combination with what it says.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from tests.support.every_combination import renders
from tests.support.rendering import TEMPLATE
from tests.support.variants import Variant, choices

PAGE = TEMPLATE / "docs" / "variants.md"
BEGIN, END = "<!-- files -->\n", "<!-- /files -->"
ALWAYS = "always"

Answers = tuple[str, ...]


def listing() -> str:
    """Make the table of files from the renders of every combination."""
    table = ["| file | is there | its content depends on |", "|---|---|---|"]
    places: dict[str, dict[Variant, str]] = defaultdict(dict)
    for variant in renders():
        for path, text in renders()[variant].items():
            places[path][variant] = text
    for path, texts in sorted(places.items()):
        differing = [question for question in choices() if differs(question, texts)]
        table.append(f"| `{path}` | {condition(frozenset(texts))} | {', '.join(differing)} |")
    return "\n".join(table) + "\n"


def differs(question: str, texts: Mapping[Variant, str]) -> bool:
    """Return whether two combinations that have a file, and differ in one answer, differ in the file."""
    if len(set(texts.values())) == 1:
        return False
    found: dict[Answers, set[str]] = defaultdict(set)
    others = [each for each in choices() if each != question]
    for variant, text in texts.items():
        found[answers_to(variant, others)].add(text)
    return any(len(each) > 1 for each in found.values())


@cache
def condition(having: frozenset[Variant]) -> str:
    """Say by the fewest questions which combinations these are, such as "`database=sqlite/postgresql` and `auth=none`"."""
    for number in range(len(choices()) + 1):
        for questions in itertools.combinations(choices(), number):
            given = {answers_to(variant, questions) for variant in having}
            if all(variant in having or answers_to(variant, questions) not in given for variant in renders()):
                return (
                    " or ".join(" and ".join(f"`{each}`" for each in term) for term in terms(questions, given))
                    or ALWAYS
                )
    raise AssertionError("all questions together tell combinations apart")


def answers_to(variant: Variant, questions: Iterable[str]) -> Answers:
    return tuple(variant.answers[question] for question in questions)


def terms(questions: tuple[str, ...], given: set[Answers]) -> list[list[str]]:
    """Write answers to questions as few products of alternatives."""
    products = [[{answer} for answer in answers] for answers in sorted(given)]
    while pair := next(filter(differ_in_one, itertools.combinations(products, 2)), None):
        products.remove(pair[1])
        for own, other in zip(*pair, strict=True):
            own |= other
    return [
        [
            f"{question}={'/'.join(offered(question, answers))}"
            for question, answers in zip(questions, product, strict=True)
        ]
        for product in products
    ]


def differ_in_one(pair: tuple[list[set[str]], list[set[str]]]) -> bool:
    return sum(own != other for own, other in zip(*pair, strict=True)) == 1


def offered(question: str, answers: set[str]) -> list[str]:
    return [answer for answer in choices()[question] if answer in answers]


def expected() -> dict[str, list[list[tuple[str, set[str]]]]]:
    """Read the page: for each file, alternatives of questions and answers that have to hold together."""
    table = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    files = {}
    for line in table.splitlines()[2:]:
        path, is_there, _ = line.removeprefix("| ").removesuffix(" |").split(" | ")
        files[path.strip("`")] = [] if is_there == ALWAYS else [parsed(term) for term in is_there.split(" or ")]
    return files


def parsed(term: str) -> list[tuple[str, set[str]]]:
    pairs = [each.strip("`").split("=") for each in term.split(" and ")]
    return [(question, set(answers.split("/"))) for question, answers in pairs]


def expected_files(variant: Variant) -> set[str]:
    """Return the files that a combination has, according to the page."""
    answers = variant.answers
    return {
        path
        for path, alternatives in expected().items()
        if not alternatives
        or any(all(answers[question] in accepted for question, accepted in term) for term in alternatives)
    }


def page() -> str:
    """Return the page with the listing of the template as it is now."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{listing()}{END}{after}"
