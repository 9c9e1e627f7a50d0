"""Write the listing of `docs/variants.md` from the renders of every combination."""

from tests.support.listing import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
