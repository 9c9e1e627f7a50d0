"""The compose file and the manifests of Kubernetes: valid, complete, and with names of settings that exist."""

import re
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
# The questions that compose.yaml, the manifests and their part of the README depend on.
READ = ("database", "auth", "metrics")
SECRET_KEY = "wH0f8Qe3ZtYpLr7uVnXk2mJc9aBdGsRi4"


def combinations_of(container: str) -> list[Any]:
    """Return a combination for each set of answers that the files read, with everything else at its first choice."""
    found: dict[tuple[str, ...], Variant] = {}
    for variant in renders():
        answers = variant.answers
        if answers["container"] == container and answers["profile"] == "service":
            found.setdefault(tuple(answers[question] for question in READ), variant)
    return [pytest.param(variant, id="-".join(key)) for key, variant in found.items()]


def settings(files: Files) -> set[str]:
    return set(re.findall(r"^# ([A-Z_]+)=", files[".env.example"], re.MULTILINE))


def documents(files: Files) -> Iterator[tuple[str, Any]]:
    """Give each manifest with its path."""
    for path, text in files.items():
        if path.startswith(KUBERNETES):
            yield path, yaml.safe_load(text)


def is_valid_in_production(files: Files, variables: dict[str, str], folder: Path) -> None:
    """Run the command that validates settings with these variables only."""
    project = write(files, folder / "project")
    run(project, "3.12", "my_service", "check", **variables)


@pytest.mark.parametrize("combination", combinations_of("docker"))
def test_compose_file_is_valid_and_has_what_production_demands(combination: Variant, tmp_path: Path) -> None:
    files = renders()[combination]
    compose = yaml.safe_load(files["compose.yaml"])
    path = write({"compose.yaml": files["compose.yaml"]}, tmp_path) / "compose.yaml"
    schema = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    run_in(BIN, tmp_path, *schema)
    own = {name: each for name, each in compose["services"].items() if name != "database"}

    for name, service in own.items():
        mounted = {*service["secrets"], *(config["target"].rpartition("/")[2] for config in service.get("configs", []))}
        given = {*service["environment"], *map(str.upper, mounted)}
        assert given <= settings(files), name
        assert {"ENVIRONMENT", "ALLOWED_HOSTS", "SECRET_KEY"} <= given
        assert ("DATABASE_URL" in given) is ("migrations/env.py" in files)
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    assert list(own) == (["service", "migrate"] if "migrations/env.py" in files else ["service"])
    interpolated = {
        name: re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", value) for name, value in own["service"]["environment"].items()
    }
    contents = {name.upper(): config["content"] for name, config in compose.get("configs", {}).items()}
    contents = {name: re.sub(r"\$\{\w+:\?[^}]+\}", "letters", text) for name, text in contents.items()}
    contents = {name: re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", text) for name, text in contents.items()}
    is_valid_in_production(files, {**interpolated, **contents, "SECRET_KEY": SECRET_KEY}, tmp_path)


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
    is_valid_in_production(files, given, tmp_path)
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
