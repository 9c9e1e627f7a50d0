"""The query of the list of posts."""

from urllib.parse import urlencode

from ..posts.schemas import PostQuery


class ListQuery(PostQuery, extra="ignore"):
    """The query of the API, without the parameters that other sites add to links."""

    def next(self, cursor: str | None) -> str | None:
        """Return the query string of the page after this one, if there is one."""
        if cursor is None:
            return None
        given = self.model_dump(mode="json", exclude_unset=True)
        return urlencode(given | {"cursor": cursor})
