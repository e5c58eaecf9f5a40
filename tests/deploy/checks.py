"""What must hold between the manifests of a place, and between them and the code.

Each check returns what is wrong, in words; nothing if all is well. Kubernetes' own schemas and what
Checkov knows are checked by `make k8s` beside these.
"""

import os
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from unittest import mock

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from cli.config import Settings as CliSettings
from kit import database, repeat, server
from kit.bus import STREAM
from kit.settings import SECRETS
from kit.tls import workload_uri
from tests.deploy.catalogue import (
    SERVICES,
    WORKLOADS,
    called_by,
    consumers_of,
    migration_settings_of,
    settings_of,
)
from tests.deploy.manifests import Labels, Manifests, Pod, selects
from tests.deploy.network import allowed, needed

_MADE = {"mailbox", "session"}
"""Settings that name files which processes make themselves."""
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_WITHOUT_SCHEMA = {
    "barmancloud.cnpg.io/v1": {"ObjectStore"},
    "cert-manager.io/v1": {"Certificate", "Issuer"},
    "external-secrets.io/v1": {"ExternalSecret"},
    "gateway.networking.k8s.io/v1": {"HTTPRoute"},
    "keda.sh/v1alpha1": {"ScaledObject"},
    "monitoring.coreos.com/v1": {"PodMonitor", "PrometheusRule"},
    "postgresql.cnpg.io/v1": {"Cluster", "Database", "ScheduledBackup"},
}
"""What Kubernetes has no schema of, since an operator brings it; only these checks look at it."""
_OF_KUBERNETES = {
    "v1",
    "apps/v1",
    "autoscaling/v2",
    "batch/v1",
    "networking.k8s.io/v1",
    "policy/v1",
}
_CERTIFICATE_KEYS = {"tls.crt", "tls.key", "ca.crt"}
_PUBLIC_KEYS = "internal-keys.json"
_AUTHORITY_OF_POSTGRES = "postgres-ca"
_RUNS_AS = {"ledger-check": "cli"}
"""Jobs that are done with the CLI, and so as it."""
_CONNECTIONS_LEFT = 50
"""Connections that PostgreSQL keeps for its operator, its superuser and people."""


def kinds(manifests: Manifests) -> Iterator[str]:
    """Nothing slips past the schemas by a misspelt kind or version."""
    for each in manifests.all:
        version, kind = each["apiVersion"], each["kind"]
        if version not in _OF_KUBERNETES and kind not in _WITHOUT_SCHEMA.get(version, ()):
            yield f"{_name(each)} is of {version}, which nothing knows"


def selectors(manifests: Manifests) -> Iterator[str]:
    """Whatever selects pods selects some, and what makes pods selects its own."""
    pods = [*manifests.pods(), *manifests.foreign_pods()]
    for each in manifests.of("Deployment", "StatefulSet"):
        labels = each["spec"]["template"]["metadata"]["labels"]
        spread = each["spec"]["template"]["spec"].get("topologySpreadConstraints", ())
        own = [each["spec"]["selector"], *(rule["labelSelector"] for rule in spread)]
        if not all(selects(selector, labels) for selector in own):
            yield f"{_name(each)} does not select its own pods"
    for each in manifests.of("Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        if not _selected(each, pods):
            yield f"{_name(each)} selects no pod"


def ports(manifests: Manifests) -> Iterator[str]:
    """Whatever names a port of a pod names one that it has."""
    pods = manifests.pods()
    for each in manifests.of("Service", "PodMonitor"):
        named = [port["targetPort"] for port in each["spec"].get("ports", ())]
        named += [port["port"] for port in each["spec"].get("podMetricsEndpoints", ())]
        for pod in _selected(each, pods):
            yield from (
                f"{_name(each)}: {pod.owner} has no port {port}"
                for port in named
                if port not in {*pod.ports, *pod.ports.values()}
            )
    for pod in pods:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = pod.container.get(probe, {})
            port = next((asked[how]["port"] for how in ("grpc", "httpGet") if how in asked), None)
            if port is None and not pod.ends:
                yield f"{pod.owner} has no {probe}"
            elif port is not None and port not in {*pod.ports, *pod.ports.values()}:
                yield f"{pod.owner}: {probe} asks {port}, which is no port of it"
    for route in manifests.of("HTTPRoute"):
        for backend in (each for rule in route["spec"]["rules"] for each in rule["backendRefs"]):
            service = manifests.one("Service", backend["name"])
            if backend["port"] not in {port["port"] for port in service["spec"]["ports"]}:
                yield f"{_name(route)}: {_name(service)} has no port {backend['port']}"


def volumes(manifests: Manifests) -> Iterator[str]:
    """Volumes are mounted, mounts have volumes, and what they are made from exists."""
    for pod in manifests.pods():
        declared = {volume["name"] for volume in pod.spec.get("volumes", ())} | {*pod.claims}
        mounted = {mount["name"] for mount in pod.container.get("volumeMounts", ())}
        yield from (f"{pod.owner}: volume {name} is not mounted" for name in declared - mounted)
        yield from (f"{pod.owner}: mount {name} has no volume" for name in mounted - declared)
        if pod.spec.get("serviceAccountName") not in manifests.names("ServiceAccount"):
            yield f"{pod.owner}: its service account does not exist"
        kept = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in pod.spec.get("volumes", ())
            if "persistentVolumeClaim" in volume
        }
        kept -= manifests.names("PersistentVolumeClaim")
        yield from (f"{pod.owner}: nothing makes {name}" for name in kept)
        yield from _missing_sources(manifests, pod)
    roles = manifests.one("Cluster", "postgres")["spec"]["managed"]["roles"]
    for name in (role["passwordSecret"]["name"] for role in roles):
        if _secrets(manifests).get(name) != {"username", "password"}:
            yield f"Cluster/postgres: nothing makes {name} with a user name and a password"


def settings(manifests: Manifests) -> Iterator[str]:
    """Each process is told all that it must be told, nothing that it does not know, no nonsense."""
    for pod in manifests.servers():
        kind = settings_of(pod.workload)
        yield from _settings_faults(manifests, pod, kind)
        yield from _port_faults(manifests, pod)
    for pod in manifests.pods():
        if pod.component == "migrations":
            yield from _settings_faults(manifests, pod, migration_settings_of(pod.workload))
        if pod.workload == "ledger-check":
            yield from _settings_faults(manifests, pod, CliSettings)


def probes(manifests: Manifests) -> Iterator[str]:
    """The probes ask different questions, and only the first start may take long."""
    for pod in manifests.servers():
        asked = {
            name: pod.container[name].get("grpc") or pod.container[name].get("httpGet")
            for name in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        if asked["livenessProbe"] == asked["readinessProbe"]:
            yield f"{pod.owner}: what is not ready would be killed"
        if pod.component == "service":
            questions = [asked[name].get("service") for name in asked]
            if questions != ["started", "live", "ready"]:
                yield f"{pod.owner} is asked {questions}"


def draining(manifests: Manifests) -> Iterator[str]:
    """Whoever is asked to stop has the time that the code takes for it."""
    for pod in manifests.servers():
        grace, drain = (_seconds(manifests, pod, name) for name in ("grace", "drain"))
        pause: int = pod.container["lifecycle"]["preStop"]["sleep"]["seconds"]
        longest = server.LONGEST_CALL_SECONDS if pod.component == "service" else 0
        if grace < longest:
            yield f"{pod.owner} cuts calls off after {grace:g} s, which may take {longest:g} s"
        wanted = pause + drain + grace + repeat.CANCEL_AGAIN_SECONDS + database.CLOSE_SECONDS
        given = pod.spec["terminationGracePeriodSeconds"]
        if given < wanted:
            yield f"{pod.owner} is killed after {given} s, but may need {wanted:g} s"
    bus = manifests.one("StatefulSet", "nats")["spec"]["template"]["spec"]
    config = manifests.one("ConfigMap", "nats-config")["data"]["nats.conf"]
    duck = sum(map(int, re.findall(r"lame_duck_\w+: (\d+)s", config)))
    if bus["terminationGracePeriodSeconds"] < duck + database.CLOSE_SECONDS:
        yield f"nats is killed before its lame duck of {duck} s is over"


def disruption(manifests: Manifests) -> Iterator[str]:
    """Where there is more than one of each, a node may be emptied and one stays."""
    if manifests.overlay == "local":
        return
    for pod in (pod for pod in manifests.pods() if not pod.ends):
        budgets = [
            each
            for each in manifests.of("PodDisruptionBudget")
            if selects(each["spec"]["selector"], pod.labels)
        ]
        if len(budgets) != 1:
            yield f"{pod.owner} has {len(budgets)} budgets for disruption"
            continue
        least = _least(manifests, pod)
        if least is None:
            yield f"{pod.owner} is scaled by nothing, or by more than one"
        elif least <= budgets[0]["spec"]["maxUnavailable"]:
            yield f"{pod.owner} may be gone altogether: of {least} all may be unavailable"


def network(manifests: Manifests) -> Iterator[str]:
    """What may be connected is what the code connects, to the last edge."""
    is_open, half = allowed(manifests)
    yield from half
    yield from (f"{edge} is not allowed, but needed" for edge in sorted(needed() - is_open))
    yield from (f"{edge} is allowed, but not needed" for edge in sorted(is_open - needed()))


def images(manifests: Manifests) -> Iterator[str]:
    """What runs anywhere but on a developer's machine is named by its digest."""
    for pod in manifests.pods():
        image: str = pod.container["image"]
        if manifests.overlay != "local" and not _DIGEST.fullmatch(image):
            yield f"{pod.owner}: {image} can become another one"


def migrations(manifests: Manifests) -> Iterator[str]:
    """A service's database is made ready after it exists, and before the service is rolled out."""
    for service in SERVICES:
        deployment = manifests.one("Deployment", service)
        job = manifests.one("Job", f"{service}-migrations")
        before = list(manifests.of("Cluster", "Database", "Certificate", "ExternalSecret"))
        if not max(map(_wave, before)) < _wave(job) < _wave(deployment):
            yield f"{_name(job)} does not run between its database and its service"
        images = {
            each["spec"]["template"]["spec"]["containers"][0]["image"] for each in (job, deployment)
        }
        if len(images) != 1:
            yield f"{_name(job)} and {_name(deployment)} are not of one image"


def secrets(manifests: Manifests) -> Iterator[str]:
    """A workload is given its own secrets, and of others' only what is public."""
    for each in manifests.of("ExternalSecret"):
        name = each["metadata"]["name"]
        for source in (item["remoteRef"] for item in each["spec"]["data"]):
            owner = source["key"].removeprefix("kundeapp/")
            if owner not in name.split("-") and source["property"] != _PUBLIC_KEYS:
                yield f"{name} has {source['property']} of {owner}"
    for pod in manifests.pods():
        mounted = [volume["secret"] for volume in pod.spec.get("volumes", ()) if "secret" in volume]
        for name in (secret["secretName"] for secret in mounted):
            owner = _RUNS_AS.get(pod.workload, pod.workload)
            if name.partition("-")[0] != owner and name != _AUTHORITY_OF_POSTGRES:
                yield f"{pod.owner} is given {name}"


def certificates(manifests: Manifests) -> Iterator[str]:
    """Each workload's certificate says which one it is, by all names that others reach it by."""
    for workload in (*WORKLOADS, "cli", "nats"):
        spec = manifests.one("Certificate", workload)["spec"]
        if spec["uris"] != [workload_uri(workload)]:
            yield f"the certificate of {workload} says that it is {spec['uris']}"
        if spec["secretName"] != f"{workload}-tls":
            yield f"the certificate of {workload} is kept in {spec['secretName']}"
        if workload not in spec["dnsNames"]:
            yield f"the certificate of {workload} does not name its Service"
    config = manifests.one("ConfigMap", "nats-config")["data"]["nats.conf"]
    routes = set(re.findall(r"tls://([a-z0-9.-]+):6222", config))
    servers = manifests.one("StatefulSet", "nats")["spec"]
    named = {f"nats-{number}.{servers['serviceName']}" for number in range(servers["replicas"])}
    certified = set(manifests.one("Certificate", "nats")["spec"]["dnsNames"]) - {"nats"}
    if not routes == named == certified:
        yield f"the servers of nats are {named}, its routes {routes}, its certificate's {certified}"


def connections(manifests: Manifests) -> Iterator[str]:
    """PostgreSQL takes all connections that the most replicas of all services may make."""
    wanted = 0
    for pod in (pod for pod in manifests.servers() if pod.component == "service"):
        field = settings_of(pod.workload).model_fields["database_connections"]
        name = f"KUNDEAPP_{pod.workload.upper()}_DATABASE_CONNECTIONS"
        pool = int(manifests.settings_of(pod).get(name, field.default))
        # Transactions, readers and the relay; one more replica while a new version is rolled out.
        wanted += (_most(manifests, pod) + 1) * (2 * pool + 1)
    wanted += len(SERVICES) + _CONNECTIONS_LEFT
    parameters = manifests.one("Cluster", "postgres")["spec"]["postgresql"]["parameters"]
    if int(parameters["max_connections"]) < wanted:
        yield f"PostgreSQL takes {parameters['max_connections']} connections, not {wanted}"


def encryption(manifests: Manifests) -> Iterator[str]:
    """Nobody enters PostgreSQL without TLS, whatever a URL says."""
    rules = manifests.one("Cluster", "postgres")["spec"]["postgresql"].get("pg_hba", [])
    if rules[:1] != ["hostnossl all all all reject"]:
        yield "PostgreSQL is entered without TLS"


def bus(manifests: Manifests) -> Iterator[str]:
    """Events are kept on as many servers as there are, and only real consumers are watched."""
    servers = manifests.one("StatefulSet", "nats")["spec"]["replicas"]
    for service in SERVICES:
        (pod,) = (pod for pod in manifests.servers() if pod.workload == service)
        kept = manifests.settings_of(pod).get(f"KUNDEAPP_{service.upper()}_NATS_REPLICAS", "1")
        if int(kept) != servers:
            yield f"{service} keeps events on {kept} of {servers} servers"
    for scaled in manifests.of("ScaledObject"):
        known = {
            consumer.name for consumer in consumers_of(scaled["spec"]["scaleTargetRef"]["name"])
        }
        watched = [
            trigger["metadata"]
            for trigger in scaled["spec"]["triggers"]
            if trigger["type"] == "nats-jetstream"
        ]
        if {each["consumer"] for each in watched} != known:
            yield f"{_name(scaled)} watches other consumers than {sorted(known)}"
        if any(each["stream"] != STREAM for each in watched):
            yield f"{_name(scaled)} watches another stream than {STREAM}"


def addresses(manifests: Manifests) -> Iterator[str]:
    """Each caller is told where the services are that it calls, balanced over their replicas."""
    for pod in manifests.servers():
        for callee in called_by(pod.workload):
            told = manifests.settings_of(pod).get(f"KUNDEAPP_{pod.workload}_{callee}".upper())
            service = manifests.one("Service", callee)["spec"]
            expected = f"dns:///{callee}:{service['ports'][0]['port']}"
            if told != expected:
                yield f"{pod.owner} is told that {callee} is at {told}, not {expected}"
            if service.get("clusterIP") != "None":
                yield f"Service/{callee} hides its replicas from whoever balances over them"


CHECKS = (
    kinds,
    selectors,
    ports,
    volumes,
    settings,
    probes,
    draining,
    disruption,
    network,
    images,
    migrations,
    secrets,
    certificates,
    connections,
    encryption,
    bus,
    addresses,
)


def _name(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def _selected(manifest: Mapping[str, Any], pods: Iterable[Pod]) -> list[Pod]:
    spec = manifest["spec"]
    selector = spec.get("podSelector", spec.get("selector"))
    if manifest["kind"] == "Service":
        selector = {"matchLabels": selector}
    return [pod for pod in pods if selects(selector, pod.labels)]


def _missing_sources(manifests: Manifests, pod: Pod) -> Iterator[str]:
    secrets = _secrets(manifests)
    for source in pod.container.get("envFrom", ()):
        if source["configMapRef"]["name"] not in manifests.names("ConfigMap"):
            yield f"{pod.owner}: {source['configMapRef']['name']} does not exist"
    for volume in pod.spec.get("volumes", ()):
        if config := volume.get("configMap"):
            if config["name"] not in manifests.names("ConfigMap"):
                yield f"{pod.owner}: {config['name']} does not exist"
        elif secret := volume.get("secret"):
            keys = secrets.get(secret["secretName"])
            wanted = {item["key"] for item in secret.get("items", ())}
            if keys is None:
                yield f"{pod.owner}: nothing makes {secret['secretName']}"
            elif wanted - keys:
                yield f"{pod.owner}: {secret['secretName']} has no {wanted - keys}"


def _secrets(manifests: Manifests) -> Mapping[str, set[str]]:
    """Returns the keys of each Secret that something here makes."""
    external = {
        each["spec"]["target"]["name"]: {item["secretKey"] for item in each["spec"]["data"]}
        for each in manifests.of("ExternalSecret")
    }
    signed = {each["spec"]["secretName"]: _CERTIFICATE_KEYS for each in manifests.of("Certificate")}
    authorities = {f"{name}-ca": {"ca.crt", "ca.key"} for name in manifests.names("Cluster")}
    plain = {each["metadata"]["name"]: {*each["stringData"]} for each in manifests.of("Secret")}
    return {**external, **signed, **authorities, **plain}


def _settings_faults(manifests: Manifests, pod: Pod, kind: type[BaseSettings]) -> Iterator[str]:
    prefix: str = kind.model_config.get("env_prefix", "")
    environment = manifests.settings_of(pod)
    known = {f"{prefix}{field}".upper() for field in kind.model_fields}
    yield from (f"{pod.owner}: nothing reads {name}" for name in sorted({*environment} - known))
    files = _files(manifests, pod)
    in_files = {
        path.name: "postgresql://somewhere"
        for path in files
        if path.parent == PurePosixPath(SECRETS) and path.name.upper() in known
    }
    with _environment({**environment, **{key.upper(): in_files[key] for key in in_files}}):
        try:
            told = kind()
        except ValidationError as error:
            yield f"{pod.owner} does not start: {error}"
            return
    for field, value in told:
        if isinstance(value, Path) and field in told.model_fields_set and field not in _MADE:
            path = PurePosixPath(value)
            if path not in files:
                yield f"{pod.owner}: {field} is {path}, where nothing is mounted"


def _files(manifests: Manifests, pod: Pod) -> set[PurePosixPath]:
    """Returns the files that a pod's secrets are mounted as."""
    secrets = _secrets(manifests)
    mounts = {
        mount["name"]: PurePosixPath(mount["mountPath"])
        for mount in pod.container.get("volumeMounts", ())
    }
    found: set[PurePosixPath] = set()
    for volume in pod.spec.get("volumes", ()):
        if (secret := volume.get("secret")) and volume["name"] in mounts:
            items = [item["path"] for item in secret.get("items", ())]
            names = items or secrets.get(secret["secretName"], ())
            found |= {mounts[volume["name"]] / name for name in names}
    return found


def _port_faults(manifests: Manifests, pod: Pod) -> Iterator[str]:
    prefix = f"KUNDEAPP_{pod.workload}_".upper()
    told = manifests.settings_of(pod)
    listening = {"metrics": told.get(f"{prefix}ADMIN_PORT")}
    if pod.component == "service":
        listening["grpc"] = _port_of(told.get(f"{prefix}LISTEN", ""))
        listening["probes"] = _port_of(told.get(f"{prefix}PROBE_LISTEN", ""))
    else:
        listening["http"] = _port_of(told.get(f"{prefix}LISTEN", ""))
    for name, port in listening.items():
        if str(pod.ports.get(name)) != port:
            yield f"{pod.owner}: its port {name} is {pod.ports.get(name)}, but it listens on {port}"


def _port_of(address: str) -> str:
    return address.removeprefix("0.0.0.0:")


def _seconds(manifests: Manifests, pod: Pod, name: str) -> float:
    """Returns what a process was told, or does by itself, of `grace` or `drain`."""
    field = settings_of(pod.workload).model_fields[f"{name}_seconds"]
    told = manifests.settings_of(pod)
    return float(told.get(f"KUNDEAPP_{pod.workload}_{name}_SECONDS".upper(), field.default))


def _scalers(manifests: Manifests, pod: Pod) -> list[Mapping[str, Any]]:
    name = pod.owner.partition("/")[2]
    return [
        each["spec"]
        for each in manifests.of("HorizontalPodAutoscaler", "ScaledObject")
        if each["spec"]["scaleTargetRef"]["name"] == name
    ]


def _least(manifests: Manifests, pod: Pod) -> int | None:
    """Returns how many of a pod there are at least, None if that is not said once."""
    if pod.owner.startswith("StatefulSet/"):
        return manifests.one(*pod.owner.split("/"))["spec"]["replicas"]
    counts = [
        spec.get("minReplicas", spec.get("minReplicaCount")) for spec in _scalers(manifests, pod)
    ]
    return counts[0] if len(counts) == 1 else None


def _most(manifests: Manifests, pod: Pod) -> int:
    counts = [
        spec.get("maxReplicas", spec.get("maxReplicaCount")) for spec in _scalers(manifests, pod)
    ]
    return max(counts, default=1)


def _wave(manifest: Mapping[str, Any]) -> int:
    annotations: Labels = manifest["metadata"].get("annotations", {})
    return int(annotations.get("argocd.argoproj.io/sync-wave", "0"))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    with mock.patch.dict(os.environ, variables, clear=True):
        yield
