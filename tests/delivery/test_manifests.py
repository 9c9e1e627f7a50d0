"""The compose file and the manifests of Kubernetes: valid, complete, and with names of settings that exist."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.support.environments import run, run_in
from tests.support.every_combination import renders, write
from tests.support.rendering import BIN
from tests.support.template import Files
from tests.support.variants import Variant

KUBERNETES = "deploy/kubernetes/"
VERSIONS = ["1.35", "1.36", "1.37"]
# The questions that compose.yaml or the manifests, and their part of the README, depend on.
READ = {"docker": ("database", "auth", "jobs", "mail"), "kubernetes": ("database", "auth", "metrics", "mail")}
SECRET_KEY = "wH0f8Qe3ZtYpLr7uVnXk2mJc9aBdGsRi4"


def combinations_of(container: str) -> list[Any]:
    """Return a combination for each set of answers that the files read, with everything else at its first choice."""
    found: dict[tuple[str, ...], Variant] = {}
    for variant in renders():
        answers = variant.answers
        if answers["container"] == container and answers["profile"] == "service":
            found.setdefault(tuple(answers[question] for question in READ[container]), variant)
    return [pytest.param(variant, id="-".join(key)) for key, variant in found.items()]


def settings(files: Files) -> set[str]:
    return set(re.findall(r"^# ([A-Z_]+)=", files[".env.example"], re.MULTILINE))


def documents(files: Files) -> Iterator[tuple[str, Any]]:
    """Give each manifest with its path."""
    for path, text in files.items():
        if path.startswith(KUBERNETES):
            yield path, yaml.safe_load(text)


def is_valid_in_production(project: Path, variables: dict[str, str]) -> None:
    """Run the command that validates settings with these variables only."""
    run(project, "3.12", "my_service", "check", **variables)


def secrets_of(project: Path) -> dict[str, str]:
    """Create the secrets of the compose file as the README does, and return them."""
    (commands,) = re.findall(r"^```sh\n(mkdir (?:.+\n)+)```", (project / "README.md").read_text(), re.MULTILINE)
    subprocess.run(["sh", "-euc", commands], cwd=project, check=True)
    return {path.name: path.read_text() for path in (project / "secrets").iterdir()}


@pytest.mark.parametrize("combination", combinations_of("docker"))
def test_compose_file_is_valid_and_has_what_production_demands(combination: Variant, tmp_path: Path) -> None:
    files = renders()[combination]
    compose = yaml.safe_load(files["compose.yaml"])
    project = write(files, tmp_path / "project")
    run_in(BIN, project, "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    secrets = secrets_of(project)
    services = compose["services"]
    own = {
        name: services.get(each.get("extends", {}).get("service"), {}) | each
        for name, each in services.items()
        if name not in ("database", "broker")
    }

    for name, service in own.items():
        given = {*service["environment"], *map(str.upper, service["secrets"])}
        assert given <= settings(files), name
        assert {"ENVIRONMENT", "ALLOWED_HOSTS", "SECRET_KEY"} <= given
        assert ("DATABASE_URL" in given) is ("migrations/env.py" in files)
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    conditions = {
        "service": True,
        "migrate": "migrations/env.py" in files,
        "worker": "my_service/cli/worker.py" in files,
        "celery-worker": "my_service/cli/celery_worker.py" in files,
    }
    assert list(own) == [name for name, is_there in conditions.items() if is_there]
    variables = {name: value for each in own.values() for name, value in each["environment"].items()}
    interpolated = {name: re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", value) for name, value in variables.items()}
    mounted = {name.upper(): secrets[name] for name in own["service"]["secrets"]}
    is_valid_in_production(project, {**interpolated, **mounted})
    # Compose mounts files; secrets and configs of another kind it would write, which read_only forbids.
    assert not any("configs" in service for service in own.values())
    assert compose["secrets"] == {name: {"file": f"./secrets/{name}"} for name in secrets}
    assert "/secrets/" in files[".gitignore"].splitlines()


@pytest.mark.parametrize("combination", combinations_of("kubernetes"))
def test_manifests_are_valid(combination: Variant) -> None:
    manifests = [each for _, each in documents(renders()[combination]) if each["kind"] != "Kustomization"]

    for version in VERSIONS:
        for manifest in manifests:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("combination", combinations_of("kubernetes"))
def test_manifests_are_complete_and_refer_to_each_other(combination: Variant, tmp_path: Path) -> None:
    files = renders()[combination]
    found = dict(documents(files))
    base = found.pop(f"{KUBERNETES}base/kustomization.yaml")
    production = found.pop(f"{KUBERNETES}production/kustomization.yaml")
    assert {f"{KUBERNETES}base/{name}" for name in base["resources"]} == set(found)

    by_kind = {manifest["kind"]: manifest for manifest in found.values()}
    deployment, service = by_kind["Deployment"]["spec"], by_kind["Service"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    selectors = [deployment["selector"]["matchLabels"], service["selector"]]
    selectors += [by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]]
    assert all(selector == labels for selector in selectors)
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert (
        by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
        == by_kind["Deployment"]["metadata"]["name"]
    )

    (generator,) = production["configMapGenerator"]
    literals = dict(literal.split("=", 1) for literal in generator["literals"])
    workloads = [by_kind[kind]["spec"]["template"]["spec"] for kind in ("Deployment", "Job") if kind in by_kind]
    assert ("Job" in by_kind) is ("migrations/env.py" in files)
    for workload in workloads:
        (container,) = workload["containers"]
        assert container["image"] == production["images"][0]["name"]
        assert container["envFrom"] == [{"configMapRef": {"name": generator["name"]}}]
        assert {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True} in container["volumeMounts"]
        assert workload["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
    (container,) = workloads[0]["containers"]
    for kind, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        request = container[kind]["httpGet"]
        assert request["path"] == path
        assert request["httpHeaders"][0]["value"] in literals["ALLOWED_HOSTS"].split(",")

    secrets = set(re.findall(r"--from-file=(\w+)", files["README.md"]))
    assert {*literals, *map(str.upper, secrets)} <= settings(files)
    assert ("database_url" in secrets) is ("migrations/env.py" in files)
    values = {"secret_key": SECRET_KEY, "database_url": "postgresql://service@database/service"}
    values |= {"rate_limit_storage": "redis://redis", "metrics_token": SECRET_KEY[::-1]}
    values |= {"mail_url": "smtps://user:password@mail.example.com"}
    given = literals | {name.upper(): values[name] for name in secrets}
    is_valid_in_production(write(files, tmp_path / "project"), given)
    # Of the pods of one version, only those that share the storage limit the same attempts.
    assert ("rate_limit_storage" in secrets) is ("accounts" in combination.answers["auth"])


@pytest.mark.parametrize("combination", combinations_of("kubernetes"))
def test_pods_are_stopped_after_the_service(combination: Variant) -> None:
    files = renders()[combination]
    pod = yaml.safe_load(files[f"{KUBERNETES}base/deployment.yaml"])["spec"]["template"]["spec"]
    compose = yaml.safe_load(files["compose.yaml"])
    (grace_period,) = re.findall(r"^# GRACE_PERIOD=(\d+)", files[".env.example"], re.MULTILINE)
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod["terminationGracePeriodSeconds"] > int(grace_period) + pause
    assert int(compose["services"]["service"]["stop_grace_period"].removesuffix("s")) > int(grace_period)
