# mypy: ignore-errors
from .shared.admin import FORM, app, test_other_clients_are_rejected, test_page_can_load_its_scripts
from .support.framework import client_for

__all__ = ["app", "test_other_clients_are_rejected", "test_page_can_load_its_scripts"]


def test_admin_creates_edits_and_deletes_rows(app):
    with client_for(app) as client:
        client.follow_redirects = False
        client.get("/admin/post/create")
        rejected = client.post("/admin/post/create", data=FORM)
        client.headers["X-CSRFToken"] = client.cookies["starlette_admin_csrftoken"]
        created = client.post("/admin/post/create", data=FORM)
        identifier = client.get("/api/v1/posts").json()["items"][0]["id"]
        page = client.get("/admin/post/list")
        edited = client.post("/admin/post/edit", params={"pk": identifier}, data=FORM | {"title": "Second"})
        after = client.get("/api/v1/posts").json()["items"]
        deleted = client.post("/admin/_api/post/action", params={"name": "delete", "pks": identifier})
        empty = client.get("/api/v1/posts").json()["items"]

    assert rejected.status_code == 403
    assert (created.status_code, edited.status_code, deleted.status_code) == (303, 303, 200)
    assert "First" in page.text
    assert [post["title"] for post in after] == ["Second"]
    assert empty == []
