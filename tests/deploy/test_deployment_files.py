"""The files an operator deploys with: against the schemas of those who read them, and against our own settings, commands and metrics.

Nothing here starts a container.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import click
import compose_spec
import kubernetes_validate
import promql_parser
import pytest
import yaml
from pydantic import TypeAdapter

from infra.cli import cli
from infra.engines import check_engines, faust_arguments, kafka_arguments, postgres_arguments, redis_arguments, search_options
from infra.settings import Settings
from streams.runtime.topology import topology

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "infra" / "deploy"
SUBJECTS = {subject.name for subject in topology().subjects}
WITH_SHARDS = SUBJECTS | {"shards"}
KUBERNETES = ("1.31", "1.34", "1.37")


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


# -- what both have to keep ------------------------------------------------------------------------------------------------


def check_settings(environment: dict[str, str]) -> Settings:
    """Every variable is a setting of ours and its value one that the setting takes; together they are a cluster that can be run."""
    given: dict[str, Any] = {}
    for name, value in environment.items():
        assert name.startswith("GONGQIAO_"), f"{name} is no setting of ours"
        field = Settings.model_fields.get(name.removeprefix("GONGQIAO_").lower())
        assert field is not None, f"{name} is no setting: docs/settings.md"
        given[name.removeprefix("GONGQIAO_").lower()] = value
    made = Settings.model_validate(given)
    assert made.clustered
    assert made.search_url.startswith("elastic")
    assert made.cache_url.startswith("redis")
    without_files = made.model_copy(update={name: None for name in Settings.model_fields if name.endswith("_ca")})
    check_engines(without_files)
    kafka_arguments(without_files)
    faust_arguments(without_files)
    postgres_arguments(made)
    search_options(made)
    redis_arguments(made)
    return made


def check_command(words: list[str]) -> set[str]:
    """The command line takes these words; answers the parts that they start: subjects, and the singles by their option."""
    name, *rest = words
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, f"gongqiao {name} is no command"
    context = command.make_context(name, rest)
    started = {part.strip() for part in (context.params.get("subjects") or "").split(",") if part.strip()}
    assert started <= WITH_SHARDS, f"{started - WITH_SHARDS}: no such subject"
    return started | {part for part in ("relay", "tick", "index", "send") if context.params.get(part)} | {name}


EVERYTHING = SUBJECTS | {"relay", "tick", "index", "send", "serve", "migrate", "worker"}


# -- compose ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return loaded(DEPLOY / "compose.yaml")


def test_the_compose_file_follows_the_compose_specification() -> None:
    parsed = compose_spec.PyOptions(apply_merge=True).from_yaml((DEPLOY / "compose.yaml").read_text())
    parsed.validate()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("service_healthy", "service_well"),
        ("cap_drop:", "cap_dropped:"),
        ("networks: [engines]", "networks: [engine]"),
        ("interval: 5s", "interval: five"),
    ],
)
def test_what_does_not_follow_it_is_noticed(right: str, wrong: str) -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    assert right in text
    with pytest.raises(ValueError, match=r".+"):
        compose_spec.PyOptions(apply_merge=True).from_yaml(text.replace(right, wrong)).validate()


def _ours(compose: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in compose["services"].items():
        if service["image"].startswith("gongqiao:"):
            yield name, service


def test_the_compose_file_starts_everything_once_and_shards_where_they_are_asked_for(compose: dict[str, Any]) -> None:
    started = [part for _, service in _ours(compose) if "profiles" not in service for part in check_command(service["command"])]
    assert set(started) == EVERYTHING
    assert sorted(part for part in started if part != "worker") == sorted(EVERYTHING - {"worker"})
    ((name, more),) = [(name, service) for name, service in compose["services"].items() if "profiles" in service]
    assert more["profiles"] == [name] == ["shards"]
    assert check_command(more["command"]) == {"worker", "shards"}
    # Everybody is told the number, and there is a process for each shard.
    assert all(service["environment"]["GONGQIAO_SHARDS"] == "${GONGQIAO_SHARDS:-1}" for _, service in _ours(compose))
    example = (DEPLOY / "passwords.env.example").read_text()
    assert f"\n# GONGQIAO_SHARDS={more['deploy']['replicas']}\n# COMPOSE_PROFILES={name}\n" in example


def test_every_variable_of_the_compose_file_is_a_setting_that_can_be_run_with(compose: dict[str, Any]) -> None:
    asked: set[str] = set()

    def filled(value: str) -> str:
        value = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value)  # may be absent
        for name, said in re.findall(r"\$\{([A-Z_]+)(:\?[^}]*)?\}", value):
            assert said, f"{name}: without :? compose would go on without it"
            asked.add(name)
        return re.sub(r"\$\{GONGQIAO_MASTER_KEY[^}]*\}", "00" * 32, re.sub(r"\$\{GONGQIAO_PUBLIC_URL[^}]*\}", "https://a.example", value))

    for _, service in _ours(compose):
        made = check_settings({name: filled(value) for name, value in service["environment"].items()})
        assert made.mode == "production"
        made.key()
    for service in compose["services"].values():
        for value in service.get("environment", {}).values():
            filled(value)
    example = {line.partition("=")[0] for line in (DEPLOY / "passwords.env.example").read_text().splitlines() if line and line[0] != "#"}
    assert asked == example


def test_every_service_has_limits_and_is_watched(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service.get("restart") == "no":
            continue
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name


def test_engines_keep_their_data_and_are_not_published(compose: dict[str, Any]) -> None:
    for name in ("kafka", "elastic", "redis", "postgres"):
        service = compose["services"][name]
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose["volumes"]), name
        assert "ports" not in service
        assert service["networks"] == ["engines"]
    assert compose["networks"]["engines"]["internal"] is True
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["edge"]["ports"])


def test_the_proxy_that_is_believed_is_the_gateway_of_the_edges_network(compose: dict[str, Any]) -> None:
    (network,) = compose["networks"]["outside"]["ipam"]["config"]
    assert ip_address(network["gateway"]) in ip_network(network["subnet"])
    assert compose["services"]["edge"]["environment"]["GONGQIAO_TRUSTED_PROXIES"] == network["gateway"]


def test_kafka_and_elasticsearch_are_those_that_are_tried_and_the_others_new_enough(compose: dict[str, Any]) -> None:
    from infra.cluster import fetch

    image = {name: service["image"] for name, service in compose["services"].items()}
    assert image["kafka"] == f"apache/kafka:{fetch.KAFKA}"
    assert {image["elastic"], image["elastic-users"]} == {f"docker.elastic.co/elasticsearch/elasticsearch:{fetch.ELASTIC}"}
    # PostgreSQL and Redis are tried as the system has them, whatever their version.
    for name, least in (("postgres", fetch.POSTGRES_AT_LEAST), ("redis", 6)):
        assert int(re.fullmatch(rf"{name}:(\d+)\S*", image[name])[1]) >= least  # type: ignore[index]


def test_every_image_names_a_version_and_ours_that_of_the_package(compose: dict[str, Any]) -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.M)
    assert len(bases) == 2
    for image in (*bases, *(service["image"] for service in compose["services"].values())):
        assert re.search(r":v?\d+(\.\d+)*", image), image
    ours = "gongqiao:" + tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service["image"] for _, service in _ours(compose)} == {ours}
    (renamed,) = loaded(DEPLOY / "kubernetes" / "kustomization.yaml")["images"]
    assert f"{renamed['name']}:{renamed['newTag']}" == ours
    assert {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in _workloads()} == {renamed["name"]}
    assert f"-t {ours} ." in text


def test_no_password_is_in_the_files() -> None:
    kept = re.compile(r"^\s*\w*(?:PASSWORD|SECRET|KEY|AUTH)\s*[:=][ \t]*[\"']?([^\s\"'].*)$", re.M)
    assert kept.findall("  A_PASSWORD: sesame\nB_KEY=\nC_SECRET: ${C_SECRET:?say}\n") == ["sesame", "${C_SECRET:?say}"]
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".json":
            assert [said for said in kept.findall(path.read_text()) if not said.startswith("${")] == [], path


def test_git_ignores_the_filled_in_passwords() -> None:
    assert "infra/deploy/passwords.env" in (ROOT / ".gitignore").read_text().splitlines()


# -- Kubernetes ------------------------------------------------------------------------------------------------------------


KUSTOMIZED = (DEPLOY / "kubernetes", DEPLOY / "kubernetes" / "shards")  # what everybody needs, and the component for people in shards


def _documents(folders: tuple[Path, ...] = KUSTOMIZED) -> list[dict[str, Any]]:
    files = [folder / name for folder in folders for name in loaded(folder / "kustomization.yaml")["resources"]]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_manifest_follows_the_schema_of_kubernetes(version: str) -> None:
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] not in ("Kustomization", "Component"):
                kubernetes_validate.validate(document, version, strict=True)


def test_a_manifest_that_does_not_is_noticed() -> None:
    wrong = loaded(DEPLOY / "kubernetes" / "migrate.yaml")
    wrong["spec"]["template"]["spec"]["restartPolicies"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


def test_every_manifest_is_in_the_kustomization_but_the_example_of_secrets() -> None:
    for folder in KUSTOMIZED:
        names = {path.name for path in folder.glob("*.yaml")}
        assert set(loaded(folder / "kustomization.yaml")["resources"]) == names - {"kustomization.yaml", "secrets.example.yaml"}


def _workloads(folders: tuple[Path, ...] = KUSTOMIZED) -> list[dict[str, Any]]:
    return [document for document in _documents(folders) if document["kind"] in ("Deployment", "Job")]


def test_the_manifests_start_everything_once() -> None:
    started = [
        part for one in _workloads(KUSTOMIZED[:1]) for part in check_command(one["spec"]["template"]["spec"]["containers"][0]["args"])
    ]
    assert set(started) == EVERYTHING
    assert sorted(part for part in started if part != "worker") == sorted(EVERYTHING - {"worker"})


def test_the_component_for_shards_tells_everybody_the_number_and_starts_a_pod_for_each() -> None:
    above = (DEPLOY / "kubernetes" / "kustomization.yaml").read_text()
    assert yaml.safe_load(above.replace("# components:", "components:"))["components"] == [KUSTOMIZED[1].name]
    (patch,) = loaded(KUSTOMIZED[1] / "kustomization.yaml")["patches"]
    assert patch["target"] == {"kind": "ConfigMap", "name": "gongqiao-settings"}
    (change,) = yaml.safe_load(patch["patch"])
    name = change["path"].removeprefix("/data/")
    assert (change["op"], name) == ("add", "GONGQIAO_SHARDS")
    settings = next(one for one in _documents() if one["metadata"]["name"] == "gongqiao-settings")["data"]
    secrets = dict.fromkeys(loaded(DEPLOY / "kubernetes" / "secrets.example.yaml")["stringData"], "made-up")
    shards = check_settings({**settings, **secrets, name: change["value"], "GONGQIAO_MASTER_KEY": "00" * 32}).shards
    (worker,) = _workloads(KUSTOMIZED[1:])
    assert check_command(worker["spec"]["template"]["spec"]["containers"][0]["args"]) == {"worker", "shards"}
    assert worker["spec"]["replicas"] == shards <= int(settings["GONGQIAO_KAFKA_PARTITIONS"])


def test_every_variable_of_the_manifests_is_a_setting_that_can_be_run_with() -> None:
    settings = next(one for one in _documents() if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "gongqiao-settings")["data"]
    secrets = loaded(DEPLOY / "kubernetes" / "secrets.example.yaml")["stringData"]
    assert not any(secrets.values())
    assert not set(settings) & set(secrets)
    made = check_settings({**settings, **dict.fromkeys(secrets, "made-up"), "GONGQIAO_MASTER_KEY": "00" * 32})
    assert made.kafka_tls
    assert made.postgres_tls == "verify-full"
    assert made.search_url.startswith("elastics://")
    assert made.cache_url.startswith("rediss://")
    authorities = next(one for one in _documents() if one["metadata"]["name"] == "gongqiao-authorities")["data"]
    for engine in ("kafka", "elastic", "redis", "postgres"):
        assert settings[f"GONGQIAO_{engine.upper()}_CA"].removeprefix("/etc/gongqiao/tls/") in authorities


def test_every_workload_has_limits_no_rights_and_the_settings() -> None:
    for one in _workloads():
        pod = one["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert set(container["resources"]) == {"requests", "limits"}
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        named = {next(iter(source.values()))["name"] for source in container["envFrom"]}
        assert named == {"gongqiao-settings", "gongqiao-secrets"}
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_every_deployment_is_probed_at_a_port_it_opens() -> None:
    for one in _workloads():
        if one["kind"] == "Job":
            continue
        (container,) = one["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for probe, path in (("startupProbe", "/health/live"), ("readinessProbe", "/health/ready"), ("livenessProbe", "/health/live")):
            asked = container[probe]["httpGet"]
            assert asked["path"] == path
            assert asked["port"] in ports
        scraped = one["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"]
        assert int(scraped) in ports.values()
        # Engines may be away for long: a live process that waits for them is not to be killed.
        assert container["livenessProbe"]["httpGet"]["path"] != "/health/ready"


def test_what_has_several_pods_has_a_disruption_budget_that_fits() -> None:
    budgets = {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]: one["spec"]["minAvailable"]
        for one in _documents()
        if one["kind"] == "PodDisruptionBudget"
    }
    deployments = {one["metadata"]["labels"]["app.kubernetes.io/component"]: one for one in _workloads() if one["kind"] == "Deployment"}
    assert set(budgets) == {name for name, one in deployments.items() if one["spec"]["replicas"] > 1}
    for name, least in budgets.items():
        assert least < deployments[name]["spec"]["replicas"]


def test_selectors_select_the_pods_they_are_meant_for() -> None:
    for one in _documents():
        if one["kind"] == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
    (service,) = [one for one in _documents() if one["kind"] == "Service"]
    (edge,) = [one for one in _workloads() if one["metadata"]["name"] == "edge"]
    assert service["spec"]["selector"] == edge["spec"]["template"]["metadata"]["labels"]


# -- the image -------------------------------------------------------------------------------------------------------------


def test_the_image_is_made_of_what_the_package_is_made_of() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = {word for line in text.splitlines() if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]}
    assert all((ROOT / path).exists() for path in copied)
    assert {"matcher", "search", "streams", "api", "infra", "requirements.lock"} <= copied
    let_in = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_in
    assert "\nUSER 10001\n" in text
    assert "--require-hashes" in text
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.M)
    assert json.loads(entry) == ["gongqiao"]
    (default,) = re.findall(r"^CMD (.*)$", text, re.M)
    check_command(json.loads(default))
    for name in re.findall(r"\b(GONGQIAO_[A-Z_]+)=", text):
        assert name.removeprefix("GONGQIAO_").lower() in Settings.model_fields


# -- what is watched -------------------------------------------------------------------------------------------------------


@cache
def _metrics() -> set[str]:
    """Every metric that any process of ours shows, by reading the code that makes them."""
    found: set[str] = set()
    for folder in ("api", "infra", "streams"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"\"(gongqiao_[a-z_]+)\"", path.read_text()))
    return found


def _selectors(expression: Any) -> Iterator[Any]:
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        inner = getattr(expression, name, None)
        if inner is not None:
            yield from _selectors(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from _selectors(argument)


def check_expression(text: str) -> None:
    """It is PromQL, and every metric in it is one that we show."""
    found = list(_selectors(promql_parser.parse(text)))
    assert found, text
    for selector in found:
        assert selector.name in _metrics(), f"{selector.name} is shown by no process: {text}"


def test_an_expression_on_what_nobody_shows_is_noticed() -> None:
    check_expression("sum(rate(gongqiao_log_end[1m])) > 3")
    with pytest.raises(AssertionError, match="is shown by no process"):
        check_expression("sum(rate(gongqiao_imagined[1m])) by (subject)")
    with pytest.raises(ValueError, match=r".+"):
        check_expression("sum(rate(gongqiao_log_end[1m])")


def test_every_alert_asks_for_what_is_shown_and_is_explained() -> None:
    rules = [rule for group in loaded(DEPLOY / "prometheus" / "alerts.yaml")["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names))
    operations = (ROOT / "docs" / "operations.md").read_text()
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        check_expression(rule["expr"])
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description"} == set(rule["annotations"])
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
        assert f"`{rule['alert']}`" in operations, f"docs/operations.md does not explain {rule['alert']}"


def test_prometheus_scrapes_the_ports_that_the_compose_file_opens(compose: dict[str, Any]) -> None:
    made = loaded(DEPLOY / "prometheus" / "prometheus.yml")
    assert made["rule_files"] == ["alerts.yaml"]
    (job,) = made["scrape_configs"]
    targets = job["static_configs"][0]["targets"]
    assert job["dns_sd_configs"] == [{"names": ["shards"], "type": "A", "port": 9101}]  # several processes, or none
    wanted = set()
    for name, service in _ours(compose):
        if "profiles" in service:
            continue
        if service["command"][0] == "serve":
            wanted.add(f"{name}:8000")
        elif service["command"][0] == "worker":
            parts = len(check_command(service["command"]) & SUBJECTS) or 1
            wanted |= {f"{name}:{9101 + number}" for number in range(parts)}
    assert set(targets) == wanted


def test_every_panel_of_the_dashboard_asks_for_what_is_shown() -> None:
    dashboard = TypeAdapter(dict[str, Any]).validate_json((DEPLOY / "grafana" / "gongqiao.json").read_text())
    assert dashboard["title"]
    assert isinstance(dashboard["schemaVersion"], int)
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["type"] in ("stat", "timeseries")
        assert panel["targets"]
        for target in panel["targets"]:
            check_expression(target["expr"])
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    asked = json.dumps(panels)
    shown = {name for name in _metrics() if not name.endswith("_")}
    assert shown <= set(re.findall(r"gongqiao_[a-z_]+", asked)), "a metric that no panel shows"
