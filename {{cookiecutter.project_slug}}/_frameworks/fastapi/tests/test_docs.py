"""The interactive documentation."""

from html.parser import HTMLParser

from .conftest import NAME, App
from .framework import client_for


class Title(HTMLParser):
    """The text of a page's title, as a browser shows it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside = False
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "title"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def test_docs_show_the_name_and_the_document(app: App) -> None:
    with client_for(app) as client:
        page = client.get("/docs")
        document = client.get("/openapi.json")

    assert page.status_code == 200
    assert Title(page.text).text == NAME
    assert "'/openapi.json'" in page.text
    assert document.json()["info"]["title"] == NAME
