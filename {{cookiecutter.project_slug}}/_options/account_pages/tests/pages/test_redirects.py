"""Redirects after a login."""

import pytest

from {{ cookiecutter.package_name }}.pages.redirects import is_local


@pytest.mark.parametrize("target", ["/", "/account", "/things?cursor=a%2F&x=//y", "/a//b", "/ü"])
def test_path_of_the_site_is_local(target: str) -> None:
    assert is_local(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "https:evil.example",
        "https://evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "/account\\@evil.example",
        "/account\x00",
        "/account\n",
        "@evil.example",
        ".evil.example",
    ],
)
def test_other_targets_are_not_local(target: str) -> None:
    assert not is_local(target)
