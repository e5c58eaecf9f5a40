"""Each check finds the fault that is planted for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import checks
from tests.deploy.checks import CHECKS
from tests.deploy.manifests import Manifests
from tests.deploy.tools import KUBERNETES_VERSIONS, refused_by_checkov, refused_by_schemas

Check = Callable[[Manifests], Iterator[str]]
Plant = Callable[[Manifests], None]

_faults: list[tuple[Check, str, Plant]] = []


def fault(check: Check, found: str) -> Callable[[Plant], Plant]:
    """Registers a fault, with the check that must find it and what it must say."""

    def register(plant: Plant) -> Plant:
        _faults.append((check, found, plant))
        return plant

    return register


def pod_of(manifests: Manifests, kind: str, name: str) -> Any:
    return manifests.one(kind, name)["spec"]["template"]["spec"]


def container_of(manifests: Manifests, name: str, kind: str = "Deployment") -> Any:
    return pod_of(manifests, kind, name)["containers"][0]


def settings_of(manifests: Manifests, workload: str) -> Any:
    return manifests.one("ConfigMap", f"{workload}-settings")["data"]


def policy(manifests: Manifests, name: str) -> Any:
    return manifests.one("NetworkPolicy", name)["spec"]


def without(manifests: Manifests, kind: str, name: str) -> None:
    manifests.all.remove(manifests.one(kind, name))


@fault(checks.kinds, "Certificate/events is of cert-manager.io/v2, which nothing knows")
def a_version_that_has_no_schema(manifests: Manifests) -> None:
    manifests.one("Certificate", "events")["apiVersion"] = "cert-manager.io/v2"


@fault(checks.selectors, "Service/identity selects no pod")
def a_service_with_a_wrong_selector(manifests: Manifests) -> None:
    manifests.one("Service", "identity")["spec"]["selector"]["app.kubernetes.io/name"] = "identty"


@fault(checks.selectors, "Deployment/events does not select its own pods")
def a_deployment_that_loses_its_pods(manifests: Manifests) -> None:
    labels = manifests.one("Deployment", "events")["spec"]["selector"]["matchLabels"]
    labels["app.kubernetes.io/component"] = "gateway"


@fault(checks.selectors, "PodDisruptionBudget/nats selects no pod")
def a_budget_for_nobody(manifests: Manifests) -> None:
    selector = manifests.one("PodDisruptionBudget", "nats")["spec"]["selector"]
    selector["matchLabels"] = {"app.kubernetes.io/name": "bus"}


@fault(checks.ports, "Deployment/consent has no port grpcs")
def a_service_to_a_port_that_is_not_there(manifests: Manifests) -> None:
    manifests.one("Service", "consent")["spec"]["ports"][0]["targetPort"] = "grpcs"


@fault(checks.ports, "livenessProbe asks 8082")
def a_probe_of_another_port(manifests: Manifests) -> None:
    container_of(manifests, "metering")["livenessProbe"]["grpc"]["port"] = 8082


@fault(checks.ports, "Deployment/gateway has no startupProbe")
def no_probe(manifests: Manifests) -> None:
    del container_of(manifests, "gateway")["startupProbe"]


@fault(checks.ports, "Service/gateway has no port 8080")
def a_route_to_a_port_that_is_not_there(manifests: Manifests) -> None:
    route = manifests.one("HTTPRoute", "gateway")
    route["spec"]["rules"][0]["backendRefs"][0]["port"] = 8080


@fault(checks.volumes, "mount secrets has no volume")
def a_missing_volume(manifests: Manifests) -> None:
    pod = pod_of(manifests, "Deployment", "identity")
    pod["volumes"] = [volume for volume in pod["volumes"] if volume["name"] != "secrets"]


@fault(checks.volumes, "volume tmp is not mounted")
def a_volume_that_nobody_mounts(manifests: Manifests) -> None:
    container = container_of(manifests, "gateway")
    container["volumeMounts"] = [
        each for each in container["volumeMounts"] if each["name"] != "tmp"
    ]


@fault(checks.volumes, "nothing makes metering-secrets")
def a_secret_that_nothing_makes(manifests: Manifests) -> None:
    without(manifests, "ExternalSecret", "metering-secrets")


@fault(checks.volumes, "nothing makes postgres-identity with a user name and a password")
def a_database_user_without_a_password(manifests: Manifests) -> None:
    without(manifests, "ExternalSecret", "postgres-identity")


@fault(checks.volumes, "its service account does not exist")
def a_service_account_that_is_not_there(manifests: Manifests) -> None:
    without(manifests, "ServiceAccount", "events")


@fault(checks.volumes, "gateway-settings does not exist")
def settings_that_are_not_there(manifests: Manifests) -> None:
    container_of(manifests, "gateway")["envFrom"][0]["configMapRef"]["name"] = "gateway-settings"


@fault(checks.settings, "nothing reads KUNDEAPP_IDENTITY_PUBLIC_ULR")
def a_setting_that_nobody_reads(manifests: Manifests) -> None:
    settings = settings_of(manifests, "identity")
    settings["KUNDEAPP_IDENTITY_PUBLIC_ULR"] = settings.pop("KUNDEAPP_IDENTITY_PUBLIC_URL")


@fault(checks.settings, "Deployment/consent does not start")
def a_setting_that_is_missing(manifests: Manifests) -> None:
    del settings_of(manifests, "consent")["KUNDEAPP_CONSENT_EVENTS"]


@fault(checks.settings, "Deployment/identity does not start")
def a_setting_that_is_nonsense(manifests: Manifests) -> None:
    settings_of(manifests, "identity")["KUNDEAPP_IDENTITY_PASSKEY_ORIGINS"] = '"no list"'


@fault(checks.volumes, "CronJob/ledger-check: nothing makes ledger-anchors")
def anchors_that_nothing_keeps(manifests: Manifests) -> None:
    manifests.all.remove(manifests.one("PersistentVolumeClaim", "ledger-anchors"))


@fault(checks.settings, "Job/events-migrations does not start")
def migrations_without_their_database(manifests: Manifests) -> None:
    secret = pod_of(manifests, "Job", "events-migrations")["volumes"]
    for volume in secret:
        if volume["name"] == "secrets":
            volume["secret"]["items"][0]["path"] = "database_url"


@fault(checks.settings, "secret_keys is /run/secrets/kundeapp/secret-keys.json, where nothing")
def a_key_that_the_secret_does_not_have(manifests: Manifests) -> None:
    data = manifests.one("ExternalSecret", "identity-secrets")["spec"]["data"]
    data[:] = [item for item in data if item["secretKey"] != "secret-keys.json"]


@fault(checks.settings, "its port grpc is 8443, but it listens on 8444")
def a_port_that_the_process_does_not_listen_on(manifests: Manifests) -> None:
    settings_of(manifests, "events")["KUNDEAPP_EVENTS_LISTEN"] = "0.0.0.0:8444"


@fault(checks.settings, "its port probes is 8081, but it listens on ")
def probes_that_nobody_answers(manifests: Manifests) -> None:
    del settings_of(manifests, "events")["KUNDEAPP_EVENTS_PROBE_LISTEN"]


@fault(checks.probes, "Deployment/gateway: what is not ready would be killed")
def liveness_that_follows_the_neighbours(manifests: Manifests) -> None:
    container = container_of(manifests, "gateway")
    container["livenessProbe"]["httpGet"] = container["readinessProbe"]["httpGet"]


@fault(checks.probes, "Deployment/metering is asked ['ready', 'live', 'ready']")
def a_start_that_asks_for_the_wrong_thing(manifests: Manifests) -> None:
    container_of(manifests, "metering")["startupProbe"]["grpc"]["service"] = "ready"


@fault(checks.draining, "Deployment/consent is killed after 30 s, but may need 48 s")
def a_kill_before_the_drain_is_over(manifests: Manifests) -> None:
    pod_of(manifests, "Deployment", "consent")["terminationGracePeriodSeconds"] = 30


@fault(checks.draining, "Deployment/metering cuts calls off after 10 s")
def a_drain_shorter_than_a_call(manifests: Manifests) -> None:
    del settings_of(manifests, "metering")["KUNDEAPP_METERING_GRACE_SECONDS"]


@fault(checks.draining, "nats is killed before its lame duck of 35 s is over")
def a_bus_that_is_killed_early(manifests: Manifests) -> None:
    pod_of(manifests, "StatefulSet", "nats")["terminationGracePeriodSeconds"] = 30


@fault(checks.disruption, "of 3 all may be unavailable")
def a_budget_as_large_as_what_there_is(manifests: Manifests) -> None:
    manifests.one("PodDisruptionBudget", "events")["spec"]["maxUnavailable"] = 3


@fault(checks.disruption, "Deployment/metering has 0 budgets")
def no_budget(manifests: Manifests) -> None:
    without(manifests, "PodDisruptionBudget", "metering")


@fault(checks.disruption, "Deployment/identity is scaled by nothing")
def nothing_that_scales(manifests: Manifests) -> None:
    without(manifests, "HorizontalPodAutoscaler", "identity")


@fault(checks.network, "Edge(source='metering', target='anywhere', port=0) is allowed")
def egress_that_is_open(manifests: Manifests) -> None:
    policy(manifests, "metering")["egress"].append({})


@fault(checks.network, "Edge(source='consent', target='anywhere', port=443) is allowed")
def a_way_out_that_leads_inside(manifests: Manifests) -> None:
    for rule in policy(manifests, "consent")["egress"]:
        for peer in rule["to"]:
            peer.get("ipBlock", {}).pop("except", None)


@fault(checks.network, "Edge(source='metering', target='events', port=8443) is allowed at one end")
def a_call_that_only_the_caller_is_allowed(manifests: Manifests) -> None:
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "events"}}}
    rule = {"to": [peer], "ports": [{"port": 8443}]}
    policy(manifests, "metering")["egress"].append(rule)


@fault(checks.network, "Edge(source='consent', target='events', port=8443) is not allowed")
def a_call_that_is_cut_off(manifests: Manifests) -> None:
    peers = policy(manifests, "events")["ingress"][0]["from"]
    peers[:] = [peer for peer in peers if "consent" not in str(peer)]


@fault(checks.network, "Edge(source='somebody-else', target='identity', port=8443) is allowed")
def a_service_that_is_open_to_the_namespace(manifests: Manifests) -> None:
    policy(manifests, "identity")["ingress"][0]["from"] = [{"podSelector": {}}]
    policy(manifests, "default")["egress"].append(
        {"to": [{"podSelector": {}}], "ports": [{"port": 8443}]}
    )


@fault(checks.network, "Edge(source='anywhere', target='somebody-else', port=0) is allowed")
def nothing_denied_by_default(manifests: Manifests) -> None:
    without(manifests, "NetworkPolicy", "default")


@fault(checks.network, "Edge(source='somewhere-else', target='gateway', port=8080) is allowed")
def a_gateway_that_every_namespace_reaches(manifests: Manifests) -> None:
    policy(manifests, "gateway")["ingress"][0]["from"] = [{"namespaceSelector": {}}]


@fault(checks.images, "registry.example.com/kundeapp:1.2 can become another one")
def a_tag_instead_of_a_digest(manifests: Manifests) -> None:
    container_of(manifests, "identity")["image"] = "registry.example.com/kundeapp:1.2"


@fault(checks.images, "can become another one")
def a_bus_without_a_digest(manifests: Manifests) -> None:
    container_of(manifests, "nats", "StatefulSet")["image"] = "nats:2"


@fault(
    checks.migrations, "Job/consent-migrations does not run between its database and its service"
)
def migrations_after_the_rollout(manifests: Manifests) -> None:
    annotations = manifests.one("Job", "consent-migrations")["metadata"]["annotations"]
    annotations["argocd.argoproj.io/sync-wave"] = "3"


@fault(checks.migrations, "are not of one image")
def migrations_of_another_version(manifests: Manifests) -> None:
    container_of(manifests, "events-migrations", "Job")["image"] = "kundeapp@sha256:" + "1" * 64


@fault(checks.certificates, "the certificate of consent says that it is")
def a_certificate_of_somebody_else(manifests: Manifests) -> None:
    uris = manifests.one("Certificate", "consent")["spec"]["uris"]
    uris[0] = "spiffe://kundeapp/workload/gateway"


@fault(checks.certificates, "the certificate of events does not name its Service")
def a_certificate_without_the_name_of_the_service(manifests: Manifests) -> None:
    manifests.one("Certificate", "events")["spec"]["dnsNames"] = ["event"]


@fault(checks.certificates, "the servers of nats are")
def a_server_that_is_missing_in_the_certificate(manifests: Manifests) -> None:
    manifests.one("Certificate", "nats")["spec"]["dnsNames"].pop()


@fault(checks.connections, "PostgreSQL takes 700 connections")
def more_replicas_than_the_database_takes(manifests: Manifests) -> None:
    manifests.one("HorizontalPodAutoscaler", "metering")["spec"]["maxReplicas"] = 20


@fault(checks.secrets, "events-secrets has secret-keys.json of identity")
def a_secret_of_another_workload(manifests: Manifests) -> None:
    source = {"key": "kundeapp/identity", "property": "secret-keys.json"}
    data = manifests.one("ExternalSecret", "events-secrets")["spec"]["data"]
    data.append({"secretKey": "secret-keys.json", "remoteRef": source})


@fault(checks.secrets, "Deployment/events is given identity-secrets")
def secrets_of_another_workload(manifests: Manifests) -> None:
    volumes = manifests.one("Deployment", "events")["spec"]["template"]["spec"]["volumes"]
    volumes.append({"name": "other", "secret": {"secretName": "identity-secrets"}})


@fault(checks.encryption, "PostgreSQL is entered without TLS")
def a_database_without_tls(manifests: Manifests) -> None:
    rules = manifests.one("Cluster", "postgres")["spec"]["postgresql"]["pg_hba"]
    rules.insert(0, "host all all all scram-sha-256")


@fault(checks.bus, "metering keeps events on 1 of 3 servers")
def events_that_one_server_keeps(manifests: Manifests) -> None:
    del settings_of(manifests, "metering")["KUNDEAPP_METERING_NATS_REPLICAS"]


@fault(checks.bus, "ScaledObject/consent watches other consumers")
def a_consumer_that_is_not_watched(manifests: Manifests) -> None:
    manifests.one("ScaledObject", "consent")["spec"]["triggers"].pop()


@fault(checks.addresses, "Deployment/events is told that identity is at identity:8443")
def a_caller_that_knows_one_replica_only(manifests: Manifests) -> None:
    settings_of(manifests, "events")["KUNDEAPP_EVENTS_IDENTITY"] = "identity:8443"


@fault(checks.addresses, "Service/metering hides its replicas")
def a_service_that_is_not_headless(manifests: Manifests) -> None:
    del manifests.one("Service", "metering")["spec"]["clusterIP"]


@pytest.mark.parametrize(
    ("check", "found", "plant"), _faults, ids=[plant.__name__ for _, _, plant in _faults]
)
def test_it_is_found(check: Check, found: str, plant: Plant) -> None:
    manifests = Manifests("production")
    plant(manifests)
    assert any(found in said for said in check(manifests)), list(check(manifests))


def test_there_is_a_fault_for_every_check() -> None:
    assert {check for check, _, _ in _faults} == set(CHECKS)


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_schemas_refuse_a_field_that_they_do_not_know(tmp_path: Path, version: str) -> None:
    manifests = Manifests("production")
    pod_of(manifests, "Deployment", "identity")["terminationGraceSeconds"] = 60
    file = _written(tmp_path, manifests)
    assert "terminationGraceSeconds" in refused_by_schemas(file, version)


def test_checkov_refuses_a_container_that_may_become_root(tmp_path: Path) -> None:
    manifests = Manifests("production")
    container_of(manifests, "identity")["securityContext"]["allowPrivilegeEscalation"] = True
    file = _written(tmp_path, manifests)
    assert refused_by_checkov(file) == ["CKV_K8S_20 Deployment.kundeapp.identity"]


def _written(folder: Path, manifests: Manifests) -> Path:
    file = folder / "manifests.yaml"
    file.write_text("\n---\n".join(map(json.dumps, manifests.all)))  # JSON is YAML, too
    return file
