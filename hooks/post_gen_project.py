"""Put the chosen framework and licence in their final places, and remove the others."""

import os

PROMOTED = {
    "_frameworks/{{ cookiecutter.framework }}": ".",
    # {% if cookiecutter.database != "none" %}
    "_databases/{{ cookiecutter.database }}": ".",
    # {% endif %}
    "_auth/{{ cookiecutter.auth }}": ".",
    "_licenses/{{ cookiecutter.license }}": "LICENSE",
}
PRUNED = [
    "_auth",
    "_databases",
    "_frameworks",
    "_licenses",
    # {% if cookiecutter.database == "none" %}
    "migrations",
    "tests/audit_events.py",
    "tests/databases.py",
    "tests/sessions.py",
    "tests/test_audit_log.py",
    "tests/test_database.py",
    "tests/test_migrations.py",
    # {% endif %}
    # {% if cookiecutter.framework == "fastapi" and cookiecutter.database == "none" %}
    "tests/event_loop.py",
    "tests/test_fastapi_database.py",
    # {% endif %}
    # {% if cookiecutter.framework == "flask" and cookiecutter.database == "none" %}
    "tests/test_flask_database.py",
    # {% endif %}
    # {% if cookiecutter.database == "none" %}
    "{{ cookiecutter.package_name }}/audit_log.py",
    "{{ cookiecutter.package_name }}/database.py",
    "{{ cookiecutter.package_name }}/database_errors.py",
    "{{ cookiecutter.package_name }}/db_commands.py",
    "{{ cookiecutter.package_name }}/models.py",
    # {% endif %}
    # {% if cookiecutter.auth == "none" %}
    "tests/accounts",
    "{{ cookiecutter.package_name }}/accounts",
    # {% endif %}
    # {% if cookiecutter.__example != "posts" %}
    "tests/posts",
    "{{ cookiecutter.package_name }}/conditional.py",
    "{{ cookiecutter.package_name }}/ndjson.py",
    "{{ cookiecutter.package_name }}/pagination.py",
    "{{ cookiecutter.package_name }}/posts",
    # {% endif %}
    # {% if cookiecutter.database != "none" and cookiecutter.__example == "posts" and cookiecutter.auth == "none" %}
    "migrations/versions/2026-11-24_accounts.py",
    "migrations/versions/2026-11-24_posts_and_accounts.py",
    # {% endif %}
    # {% if cookiecutter.auth == "accounts" and cookiecutter.__example == "none" %}
    "migrations/versions/2026-11-24_posts.py",
    "migrations/versions/2026-11-24_posts_and_accounts.py",
    # {% endif %}
    # {% if cookiecutter.database != "none" and cookiecutter.__example == "none" and cookiecutter.auth == "none" %}
    "migrations/versions",
    # {% endif %}
]


def promote(source: str, target: str) -> None:
    """Move a file, or all files below a folder, without overwriting anything."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            promote(os.path.join(source, name), os.path.join(target, name))
    elif os.path.exists(target):
        raise FileExistsError(f"{source} would overwrite {target}")
    else:
        os.rename(source, target)


def prune(path: str) -> None:
    """Remove a file or a folder; one that does not exist is an error in this table."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            prune(os.path.join(path, name))
        os.rmdir(path)
    else:
        os.remove(path)


for source, target in PROMOTED.items():
    promote(source, target)
for path in PRUNED:
    prune(path)
