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
READ = {"docker": ("database", "auth", "jobs", "mail"), "kubernetes": ("database", "auth", "metrics", "jobs", "mail")}
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

    deployments = {each["metadata"]["name"]: each["spec"] for each in found.values() if each["kind"] == "Deployment"}
    by_kind = {each["kind"]: each for each in found.values() if each["kind"] != "Deployment"}
    deployment, service = deployments.pop("service"), by_kind["Service"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    selectors = [deployment["selector"]["matchLabels"], service["selector"]]
    selectors += [by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]]
    assert all(selector == labels for selector in selectors)
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    target = by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "service")

    (generator,) = production["configMapGenerator"]
    literals = dict(literal.split("=", 1) for literal in generator["literals"])
    assert ("Job" in by_kind) is ("migrations/env.py" in files)
    jobs = [by_kind["Job"]["spec"]] if "Job" in by_kind else []
    workloads = [each["template"]["spec"] for each in (deployment, *jobs, *deployments.values())]
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

    commands = {"worker": "my_service/cli/worker.py", "celery-worker": "my_service/cli/celery_worker.py"}
    assert set(deployments) == {command for command, path in commands.items() if path in files}
    for command, each in deployments.items():
        assert each["selector"]["matchLabels"] == each["template"]["metadata"]["labels"]
        # No service sends requests to it.
        assert not service["selector"].items() <= each["selector"]["matchLabels"].items()
        (container,) = each["template"]["spec"]["containers"]
        assert container["command"] == ["python", "-m", "my_service", command]
        assert container["livenessProbe"]["exec"]["command"] == [*container["command"], "--check"]
        (heartbeat,) = container["env"]
        assert heartbeat == {"name": "JOB_HEARTBEAT", "value": "/tmp/worker"}
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
        assert f"rollout status deployment {command}\n" in files["README.md"]

    secrets = set(re.findall(r"--from-file=(\w+)", files["README.md"]))
    ports = {each["port"] for each in by_kind["NetworkPolicy"]["spec"]["egress"][0]["ports"]}
    for secret, port in {"database_url": 5432, "rate_limit_storage": 6379, "broker_url": 6379, "mail_url": 587}.items():
        assert secret not in secrets or port in ports
    assert ("broker_url" in secrets) is ("celery-worker" in deployments)
    assert {*literals, *map(str.upper, secrets)} <= settings(files)
    assert ("database_url" in secrets) is ("migrations/env.py" in files)
    values = {"secret_key": SECRET_KEY, "database_url": "postgresql://service@database/service"}
    values |= {"rate_limit_storage": "redis://redis", "metrics_token": SECRET_KEY[::-1]}
    values |= {"mail_url": "smtp+starttls://user:password@mail.example.com", "broker_url": "redis://redis"}
    given = literals | {name.upper(): values[name] for name in secrets}
    is_valid_in_production(write(files, tmp_path / "project"), given)
    # Of the pods of one version, only those that share the storage limit the same attempts.
    assert ("rate_limit_storage" in secrets) is ("accounts" in combination.answers["auth"])


@pytest.mark.parametrize("combination", combinations_of("kubernetes"))
def test_pods_are_stopped_after_the_service(combination: Variant) -> None:
    files = renders()[combination]
    found = {each["metadata"]["name"]: each for _, each in documents(files) if each["kind"] == "Deployment"}
    pods = {name: each["spec"]["template"]["spec"] for name, each in found.items()}
    pod = pods.pop("service")
    compose = yaml.safe_load(files["compose.yaml"])
    (grace_period,) = re.findall(r"^# GRACE_PERIOD=(\d+)", files[".env.example"], re.MULTILINE)
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod["terminationGracePeriodSeconds"] > int(grace_period) + pause
    assert all(each["terminationGracePeriodSeconds"] > int(grace_period) for each in pods.values())
    assert int(compose["services"]["service"]["stop_grace_period"].removesuffix("s")) > int(grace_period)
