"""Continuous integration, hooks before commits, and the environment of editors.

Both hosts run the same commands, and each command is executed here. The hosts are not: their files are checked by schemas and by zizmor.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.environments import environment, run_in
from tests.support.every_combination import words, write
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, TEMPLATE, Workplace
from tests.support.template import Files, compiled
from tests.support.vulnerabilities import vulnerabilities

HOSTS = ("github", "gitlab")
# What the files of a host depend on.
PROJECTS = [
    {"database": database, "container": container}
    for database in ("none", "sqlite", "postgresql")
    for container in ("none", "docker")
]
WORKFLOWS = (".github/workflows/ci.yml", ".github/workflows/weekly.yml", ".github/workflows/release.yml")
# The files of each host, by the schema of check-jsonschema that they follow.
SCHEMAS: dict[str, dict[str, tuple[str, ...]]] = {
    "github": {"vendor.github-workflows": WORKFLOWS, "vendor.dependabot": (".github/dependabot.yml",)},
    "gitlab": {"vendor.gitlab-ci": (".gitlab-ci.yml",), "vendor.renovate": ("renovate.json",)},
}
# Variables that are no settings of the service: those of the hosts, of their tools, and those that a file defines.
KNOWN = set(
    """
    CI_COMMIT_BRANCH CI_COMMIT_TAG CI_DEFAULT_BRANCH CI_PIPELINE_SOURCE RUNNER_GENERATE_ARTIFACTS_METADATA
    DOCKER_CERT_PATH DOCKER_HOST DOCKER_TLS_CERTDIR DOCKER_TLS_VERIFY
    GH_REPO GH_TOKEN TAG UV_PYTHON VERSION
    """.split()
)
PUBLISH = 'gh release create "$TAG" --verify-tag --generate-notes dist/*'


@cache
def rendered(ci: str, **answers: str) -> Files:
    return compiled().render({"ci": ci, **answers})


def github(files: Files) -> dict[str, dict[str, Any]]:
    """Return the jobs of all workflows."""
    return {job: body for name in WORKFLOWS for job, body in yaml.safe_load(files[name])["jobs"].items()}


def gitlab(files: Files) -> dict[str, dict[str, Any]]:
    """Return the jobs of the pipeline."""
    bodies = yaml.safe_load(files[".gitlab-ci.yml"])
    return {job: body for job, body in bodies.items() if "script" in body}


def commands_of(body: dict[str, Any]) -> list[str]:
    """Return the commands of a job."""
    scripts = body["script"] if "script" in body else [step["run"] for step in body["steps"] if "run" in step]
    return [line for script in scripts for line in script.splitlines()]


def gates(jobs: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    return {job: commands_of(body) for job, body in jobs.items()}


def script_of(job: str, **answers: str) -> str:
    """Return the commands of a job, as its host runs them."""
    return "\n".join(gates(github(rendered("github", **answers)))[job])


def bash(script: str, folder: Path, *binaries: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*map(str, binaries), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "UV_SYSTEM_CERTS": "true", **variables, "PATH": path},
        capture_output=True,
        text=True,
    )


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("ci", HOSTS)
def test_files_follow_the_schemas_of_their_hosts(ci: str, tmp_path: Path) -> None:
    for number, answers in enumerate(PROJECTS):
        write(rendered(ci, **answers), tmp_path / f"{number}")

    for schema, names in SCHEMAS[ci].items():
        paths = [tmp_path / f"{number}" / name for number in range(len(PROJECTS)) for name in names]
        command = [str(BIN / "check-jsonschema"), "--quiet", "--builtin-schema", schema, *map(str, paths)]
        subprocess.run(command, check=True)


def test_workflows_are_secure(tmp_path: Path) -> None:
    for number, answers in enumerate(PROJECTS):
        files = rendered("github", **answers)
        write({path: text for path, text in files.items() if path.startswith(".github/")}, tmp_path / f"{number}")

    command = [str(BIN / "zizmor"), "--offline", "--quiet", "--persona", "pedantic", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("answers", PROJECTS, ids=lambda answers: "-".join(answers.values()))
def test_both_hosts_have_the_same_gates(answers: dict[str, str]) -> None:
    on_github, on_gitlab = github(rendered("github", **answers)), gitlab(rendered("gitlab", **answers))

    assert gates(on_github).pop("publish") == [PUBLISH]
    assert gates(on_gitlab) == {job: own for job, own in gates(on_github).items() if job != "publish"}
    assert ("container" in on_github) == (answers["container"] == "docker")
    versions = on_github["test"]["strategy"]["matrix"]["python"]
    assert on_gitlab["test"]["parallel"]["matrix"] == [{"VERSION": versions}]
    oldest = tomllib.loads(rendered("github", **answers)["pyproject.toml"])["project"]["requires-python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert oldest == f">={versions[0]}"


@pytest.mark.parametrize("answers", PROJECTS, ids=lambda answers: "-".join(answers.values()))
def test_jobs_end_and_name_what_they_use(answers: dict[str, str]) -> None:
    for body in github(rendered("github", **answers)).values():
        assert body["timeout-minutes"] <= 20
        assert body["permissions"]
        for step in body["steps"]:
            if "checkout@" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}
    for body in gitlab(rendered("gitlab", **answers)).values():
        assert re.fullmatch(r"[12]0 minutes", body["timeout"])
    for name in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", rendered("github", **answers)[name]):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("ci", HOSTS)
def test_variables_are_settings_or_known(ci: str) -> None:
    for answers in PROJECTS:
        files = rendered(ci, **answers)
        settings = set(re.findall(r"^# ([A-Z_]+)=", files[".env.example"], re.MULTILINE))
        used = set()
        for body in (github if ci == "github" else gitlab)(files).values():
            used |= {*body.get("env", {}), *body.get("variables", {})}
            used |= set(re.findall(r"(?:\$\{?|export )([A-Z_]+)", "\n".join(commands_of(body))))
        assert used <= settings | KNOWN


@pytest.mark.parametrize("ci", ["none", *HOSTS])
def test_projects_mention_their_host_only(ci: str) -> None:
    of_hosts = {"github": ["github", "dependabot"], "gitlab": ["gitlab", "renovate"]}
    others = [word for host, own in of_hosts.items() if host != ci for word in own]

    for path, text in rendered(ci, auth="accounts").items():
        # Not in an address.
        assert words(re.sub(r"https://\S+", "", text), others) == set(), path


def test_updates_wait_a_week_but_not_those_of_images() -> None:
    dependabot = yaml.safe_load(rendered("github")[".github/dependabot.yml"])["updates"]
    renovate = json.loads(rendered("gitlab")["renovate.json"])

    waiting = {each["package-ecosystem"]: each["cooldown"] for each in dependabot}
    # A tag that is rebuilt more often than weekly would wait for ever.
    at_once = {"default-days": 7, "exclude": ["*"]}
    assert waiting.pop("docker") == waiting.pop("docker-compose") == at_once
    assert waiting == {"uv": {"default-days": 7}, "github-actions": {"default-days": 7}}
    (of_packages,) = [rule for rule in [renovate, *renovate["packageRules"]] if "minimumReleaseAge" in rule]
    assert (of_packages["matchDatasources"], of_packages["minimumReleaseAge"]) == (["pypi"], "7 days")


def test_servers_of_the_compose_file_keep_their_major_version() -> None:
    updates = yaml.safe_load(rendered("github")[".github/dependabot.yml"])["updates"]
    rules = json.loads(rendered("gitlab")["renovate.json"])["packageRules"]

    (compose,) = [each for each in updates if each["package-ecosystem"] == "docker-compose"]
    assert compose["ignore"] == [{"dependency-name": "*", "update-types": ["version-update:semver-major"]}]
    (rule,) = [rule for rule in rules if rule.get("matchFileNames") == ["compose.yaml"]]
    assert (rule["matchUpdateTypes"], rule["enabled"]) == (["major"], False)


def test_base_image_is_one_that_dependabot_updates() -> None:
    """Dependabot reads the lines with FROM and an image, and replaces no variables."""
    dockerfile = rendered("github")["Dockerfile"]
    images = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", dockerfile, re.MULTILINE)
    (default,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", dockerfile, re.MULTILINE)

    (base, stage), *others = images
    assert re.fullmatch(r"python:\d+\.\d+-slim", base)
    assert stage == default
    assert {image for image, _ in others} == {"${BASE_IMAGE}"}


FRESH_MACHINE = "tests/workflows/test_fresh_machine.py"
# The test, or the file of tests, that executes each command of the jobs.
EXECUTED = {
    "make lint": FRESH_MACHINE,
    "git diff --exit-code -- uv.lock": "test_lock_must_agree_with_the_project",
    "make test": FRESH_MACHINE,
    "make dist": "test_distributions_have_the_version_of_the_tag_and_an_sbom",
    'ls dist/*-"${TAG#v}".tar.gz': "test_distributions_have_the_version_of_the_tag_and_an_sbom",
    "make audit": "test_audit_fails_on_a_known_vulnerability",
    'if test -e .cruft.json; then python -m pip install --quiet "cruft>=2.16,<3" && cruft check; fi': (
        "test_changed_template_is_reported"
    ),
    "mkdir secrets": "test_generated_secrets_are_valid",
    "head -c 32 /dev/urandom | sha256sum | cut -c 1-64 > secrets/secret_key": "test_generated_secrets_are_valid",
    "head -c 32 /dev/urandom | sha256sum | cut -c 1-64 > secrets/postgres_password": "test_generated_secrets_are_valid",
    'echo "postgresql://service:$(cat secrets/postgres_password)@database/service" > secrets/database_url': (
        "test_generated_secrets_are_valid"
    ),
    "docker compose up --build --wait --wait-timeout 120 || { docker compose logs; exit 1; }": (
        "test_container_job_runs_what_the_image_test_runs"
    ),
    "docker compose exec -T service python /opt/healthcheck.py": "test_container_job_runs_what_the_image_test_runs",
    PUBLISH: "test_release_has_all_distributions",
}


def test_every_command_is_executed_by_a_test() -> None:
    jobs = [gates(github(rendered("github", **answers))) for answers in PROJECTS]

    assert {command for own in jobs for commands in own.values() for command in commands} == set(EXECUTED)
    assert set(EXECUTED.values()) - {FRESH_MACHINE} <= set(globals())
    for command in [command for command, test in EXECUTED.items() if test == FRESH_MACHINE]:
        assert f'("{command}", "' in (TEMPLATE / FRESH_MACHINE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a repository, with the environment that its first `make` made."""
    project = write(rendered("github", database="sqlite"), tmp_path_factory.mktemp("repository") / "my-service")
    first = "git init --quiet && make .venv/ready && git add --all && git commit --quiet --message first"
    done = bash(first, project, BIN, **identity())
    assert done.returncode == 0, done.stderr
    return project


def identity() -> dict[str, str]:
    """Return the variables with which git commits in the name of the tests."""
    return {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in {"NAME": "Tests", "EMAIL": "tests@example.com"}.items()
    }


@pytest.mark.slow
def test_lock_must_agree_with_the_project(repository: Path, tmp_path: Path) -> None:
    project = shutil.copytree(repository, tmp_path / "my-service", ignore=shutil.ignore_patterns(".venv"))
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"click>=8.3,<9"', '"click>=8.2,<9"'))

    assert bash(script_of("lint").splitlines()[1], project).returncode == 0
    # As `make lint` does before anything else.
    assert bash("make .venv/ready", project, BIN).returncode == 0
    done = bash(script_of("lint").splitlines()[1], project)

    assert done.returncode == 1
    assert "click" in done.stdout


@pytest.mark.slow
def test_distributions_have_the_version_of_the_tag_and_an_sbom(repository: Path) -> None:
    script = script_of("build")

    done = bash(script, repository, BIN, TAG="v0.1.0")
    assert done.returncode == 0, done.stderr
    assert bash(script.splitlines()[1], repository, TAG="v0.2.0").returncode != 0

    names = {path.name for path in (repository / "dist").iterdir()} - {".gitignore"}
    assert names == {"my_service-0.1.0.tar.gz", "my_service-0.1.0-py3-none-any.whl", "sbom.cdx.json"}
    sbom = json.loads((repository / "dist" / "sbom.cdx.json").read_text())
    listed = {component["name"] for component in sbom["components"]}
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "my-service")
    assert {"sqlalchemy", "uvicorn"} <= listed
    assert listed.isdisjoint({"pytest", "mypy", "ruff"})


@pytest.mark.slow
@pytest.mark.parametrize("package", ["sqlalchemy", "no-dependency"])
def test_audit_fails_on_a_known_vulnerability(package: str, repository: Path, tmp_path: Path) -> None:
    with vulnerabilities(package) as address:
        # The database is the only thing that is another than in production.
        program(tmp_path / "bin" / "uv", f'exec "{BIN / "uv"}" "$@" --service-url "{address}"')
        done = bash(script_of("audit"), repository, tmp_path / "bin")

    assert (done.returncode == 0) == (package == "no-dependency"), done.stdout + done.stderr
    assert ("TEST-2026-1" in done.stdout) == (package == "sqlalchemy")


@pytest.mark.slow
def test_changed_template_is_reported(workplace: Workplace) -> None:
    template = workplace.root / "template"
    workplace.git("clone", "--quiet", TEMPLATE, template)
    workplace.run("cruft", "create", template, "--no-input")
    project, script = workplace.output / "my-service", script_of("template")

    checked = [bash(script, project, BIN)]
    workplace.git("commit", "--quiet", "--allow-empty", "--message", "newer", cwd=template)
    (template / "{{cookiecutter.project_slug}}" / ".editorconfig").write_text("root = true\n")
    workplace.git("commit", "--quiet", "--all", "--message", "newer", cwd=template)
    checked.append(bash(script, project, BIN))
    (project / ".cruft.json").unlink()
    checked.append(bash(script, project))

    assert [done.returncode for done in checked] == [0, 1, 0], [done.stdout + done.stderr for done in checked]
    assert "out of date" in checked[1].stdout + checked[1].stderr


@pytest.mark.slow
def test_generated_secrets_are_valid(tmp_path: Path) -> None:
    answers = {"database": "postgresql", "auth": "accounts", "container": "docker"}
    project = write(rendered("github", **answers), tmp_path / "my-service")
    script = "\n".join(line for line in script_of("container", **answers).splitlines() if "docker" not in line)

    assert bash(script, project).returncode == 0
    secrets = {path.name: path.read_text().rstrip() for path in (project / "secrets").iterdir()}

    assert set(secrets) == set(yaml.safe_load((project / "compose.yaml").read_text())["secrets"])
    password = secrets.pop("postgres_password")
    assert re.fullmatch("[0-9a-f]{64}", password)
    assert secrets["database_url"] == f"postgresql://service:{password}@database/service"
    assert secrets["secret_key"] != password
    settings = {"ENVIRONMENT": "production", "ALLOWED_HOSTS": "localhost"}
    settings |= {name.upper(): value for name, value in secrets.items()}
    run_in(environment(project, PYTHONS[0]), project, "my_service", "check", **settings)


@pytest.mark.parametrize("works", [True, False])
def test_container_job_runs_what_the_image_test_runs(works: bool, tmp_path: Path) -> None:
    answers = {"database": "postgresql", "container": "docker"}
    files = rendered("github", **answers)
    fails = "" if works else '; test "$2" != up'
    program(tmp_path / "bin" / "docker", f'echo "docker $*"{fails}')

    done = bash(script_of("container", **answers), tmp_path, tmp_path / "bin")

    assert (done.returncode == 0) == works
    up, *rest = done.stdout.splitlines()
    assert "docker compose up --build --wait" in files["README.md"]
    assert up == "docker compose up --build --wait --wait-timeout 120"
    assert rest == ["docker compose exec -T service python /opt/healthcheck.py" if works else "docker compose logs"]
    # The commands in the image are those that tests/delivery/test_image.py runs in it.
    services = yaml.safe_load(files["compose.yaml"])["services"]
    tested = (TEMPLATE / "tests" / "delivery" / "test_image.py").read_text(encoding="utf-8")
    assert ", ".join(f'"{word}"' for word in services["migrate"]["command"]) in tested
    assert services["service"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "command" not in services["service"]
    (probe,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", files["Dockerfile"], re.MULTILINE)
    assert json.loads(probe) == shlex.split(commands_of(github(files)["container"])[-1])[-2:]


def test_release_has_all_distributions(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "gh", 'echo "$*"')
    (tmp_path / "dist").mkdir()
    for name in ("my_service-0.1.0.tar.gz", "sbom.cdx.json"):
        (tmp_path / "dist" / name).touch()

    done = bash(script_of("publish"), tmp_path, tmp_path / "bin", TAG="v0.1.0")

    assert done.stdout.split() == (
        "release create v0.1.0 --verify-tag --generate-notes dist/my_service-0.1.0.tar.gz dist/sbom.cdx.json".split()
    )


def prek(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = os.environ | {"PREK_HOME": str(project.parent / "prek")}
    return subprocess.run([BIN / "prek", *arguments], cwd=project, env=settings, capture_output=True, text=True)


@pytest.mark.slow
def test_hooks_pass_and_reject_what_lint_rejects(repository: Path, workplace: Workplace, tmp_path: Path) -> None:
    project = shutil.copytree(repository, tmp_path / "my-service", ignore=shutil.ignore_patterns(".venv"))
    (project / ".venv").symlink_to(repository / ".venv")
    # The link is no folder, which is all that .gitignore names.
    (project / ".git" / "info" / "exclude").write_text(".venv\n")
    assert prek(project, "validate-config", ".pre-commit-config.yaml").returncode == 0
    done = prek(project, "run", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^(.+?)\.+Passed$", done.stdout, re.MULTILINE) == ["ruff check", "ruff format", "mypy"]

    service = project / "my_service" / "about" / "service.py"
    before = service.read_text()
    service.write_text(f"{before}\n\ndef added( ) -> int :\n    return ''\n")
    workplace.git("add", "--all", cwd=project)
    done = prek(project, "run")

    assert done.returncode == 1
    assert re.findall(r"^(.+?)\.+Failed$", done.stdout, re.MULTILINE) == ["ruff format", "mypy"]
    assert service.read_text() == f'{before}\n\ndef added() -> int:\n    return ""\n'


def test_hooks_are_the_tools_of_make_lint() -> None:
    files = compiled().render({})
    (local,) = yaml.safe_load(files[".pre-commit-config.yaml"])["repos"]
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", files["Makefile"], re.MULTILINE)

    hooks = [hook["entry"].split()[0:2] for hook in local["hooks"]]
    assert hooks == [[".venv/bin/ruff", "check"], [".venv/bin/ruff", "format"], [".venv/bin/mypy"]]
    lines = recipe.replace("$(BIN)", ".venv/bin").split("\t@")[1:]
    assert [line.split()[: len(hook)] for line, hook in zip(lines, hooks, strict=True)] == hooks


def test_git_stores_the_same_lines_everywhere(workplace: Workplace, tmp_path: Path) -> None:
    project = write(compiled().render({}), tmp_path / "my-service")
    workplace.git("init", "--quiet", cwd=project)
    (project / "windows.py").write_bytes(b"first\r\nsecond\r\n")
    workplace.git("add", "--all", cwd=project)

    stored = workplace.git("ls-files", "--eol", "windows.py", cwd=project).split()
    assert stored == ["i/lf", "w/crlf", "attr/text=auto", "eol=lf", "windows.py"]
    assert workplace.git("check-attr", "linguist-generated", "uv.lock", cwd=project).endswith(": set")


def test_development_container_makes_the_environment() -> None:
    files = compiled().render({})
    container = json.loads(files[".devcontainer/devcontainer.json"])

    assert container["image"].removeprefix("python:") in PYTHONS
    assert container["postCreateCommand"].split()[0] == "make"
    assert f"\n{container['postCreateCommand'].split()[1]}:" in files["Makefile"]
    assert f"# PORT={container['forwardPorts'][0]}\n" in files[".env.example"]
