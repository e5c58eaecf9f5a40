"""The manifests of an overlay, as Kustomize makes them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import yaml

from deploy import local_secrets
from kit.local.pki import LocalPki
from tests.deploy.tools import render

Manifest = dict[str, Any]
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Pod:
    """What a workload makes pods from.

    Attributes:
        owner: Its kind and name, such as `Deployment/identity`.
        labels: The pod's labels.
        spec: The pod's spec; empty for pods that an operator or a person makes.
        claims: The volumes that each pod gets of its own, by name.
    """

    owner: str
    labels: Labels
    spec: Mapping[str, Any]
    claims: Sequence[str] = ()

    @property
    def workload(self) -> str:
        """The name of the part of the suite."""
        return self.labels.get("app.kubernetes.io/name", "")

    @property
    def component(self) -> str:
        """What the part does in this pod: `service`, `gateway`, `migrations`, …."""
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def ends(self) -> bool:
        """Whether it does its work and ends, instead of waiting for calls."""
        return "Job/" in self.owner

    @property
    def container(self) -> Mapping[str, Any]:
        """The one container."""
        (container,) = self.spec["containers"]
        return container

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports of the container, by name."""
        return {port["name"]: port["containerPort"] for port in self.container.get("ports", ())}


class Manifests:
    """All manifests of one place.

    Attributes:
        overlay: Its name.
        all: The manifests; tests may plant faults in them.
    """

    def __init__(self, overlay: str) -> None:
        self.overlay = overlay
        self.all = deepcopy(_parsed(overlay))

    @staticmethod
    def of_place(overlay: str, pki: LocalPki) -> "Manifests":
        """Returns what stands in a place: its overlay, and locally the Secrets beside it."""
        manifests = Manifests(overlay)
        if overlay == "local":
            manifests.all += local_secrets.manifests(pki)
        return manifests

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """Returns the manifests of some kinds."""
        return (manifest for manifest in self.all if manifest["kind"] in kinds)

    def one(self, kind: str, name: str) -> Manifest:
        """Returns a manifest by kind and name; generated names may leave out their hash.

        Raises:
            LookupError: If there is none, or more than one.
        """
        found = [each for each in self.of(kind) if _is_named(each, name)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {kind}/{name} in {self.overlay}")
        return found[0]

    def names(self, *kinds: str) -> set[str]:
        """Returns the names of the manifests of some kinds."""
        return {each["metadata"]["name"] for each in self.of(*kinds)}

    def pods(self) -> Sequence[Pod]:
        """Returns what pods are made from here."""
        return [
            Pod(
                f"{each['kind']}/{each['metadata']['name']}",
                template["metadata"]["labels"],
                template["spec"],
                [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())],
            )
            for each in self.of("Deployment", "StatefulSet", "Job", "CronJob")
            for spec in [each["spec"].get("jobTemplate", each)["spec"]]
            for template in [spec["template"]]
        ]

    def servers(self) -> Sequence[Pod]:
        """Returns the pods of the suite's own servers."""
        return [pod for pod in self.pods() if pod.owner.startswith("Deployment/")]

    def foreign_pods(self) -> Sequence[Pod]:
        """Returns the pods that an operator makes, and those of whoever works with the CLI."""
        databases = [
            Pod(f"Cluster/{name}", {"cnpg.io/cluster": name}, {}) for name in self.names("Cluster")
        ]
        return [*databases, Pod("Pod/cli", {"app.kubernetes.io/name": "cli"}, {})]

    def settings_of(self, pod: Pod) -> Mapping[str, str]:
        """Returns the environment of a pod's container."""
        maps = [source["configMapRef"]["name"] for source in pod.container.get("envFrom", ())]
        plain = {
            env["name"]: env["value"] for env in pod.container.get("env", ()) if "value" in env
        }
        data = [each["data"] for each in self.of("ConfigMap") if each["metadata"]["name"] in maps]
        return {key: value for each in (*data, plain) for key, value in each.items()}


@cache
def _parsed(overlay: str) -> list[Manifest]:
    return cast("list[Manifest]", list(yaml.safe_load_all(render(overlay))))


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Tells whether a label selector selects what has some labels."""
    wanted: Labels = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(rule, labels.get(rule["key"])) for rule in selector.get("matchExpressions", ())
    )


def _meets(rule: Mapping[str, Any], value: str | None) -> bool:
    match rule["operator"]:
        case "In":
            return value in rule["values"]
        case "NotIn":
            return value not in rule["values"]
        case other:
            raise NotImplementedError(f"a selector with the operator {other}")


def _is_named(manifest: Manifest, name: str) -> bool:
    actual: str = manifest["metadata"]["name"]
    generated = manifest["kind"] == "ConfigMap" and actual.rpartition("-")[0] == name
    return actual == name or generated
