"""Who may talk to whom: as the network policies say, and as the code needs it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.deploy.catalogue import SERVICES, WORKLOADS, called_by, settings_of
from tests.deploy.manifests import Labels, Manifests, selects

_NAMESPACES = (
    "cnpg-system",
    "ingress",
    "keda",
    "monitoring",
    "observability",
    "somewhere-else",
)
_PRIVATE = {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
INTERNET, ANYWHERE = "the internet", "anywhere"


class Edge(NamedTuple):
    """Somebody may open connections to a port of somebody."""

    source: str
    target: str
    port: int


@dataclass(frozen=True)
class Party:
    """Somebody on the network.

    Attributes:
        name: As edges name it.
        labels: Of its pods.
        namespace: Where they are; empty for the suite's own.
    """

    name: str
    labels: Labels
    namespace: str = ""


def needed() -> set[Edge]:
    """Returns the connections that the code opens, and those that Kubernetes' parts need."""
    edges = {
        Edge("nats", "nats", 6222),
        Edge("postgres", "postgres", 5432),
        Edge("postgres", "postgres", 8000),
        Edge("cnpg-system", "postgres", 5432),
        Edge("cnpg-system", "postgres", 8000),
        Edge("monitoring", "postgres", 9187),
        Edge("monitoring", "nats", 8222),
        Edge("keda", "nats", 8222),
        Edge("ingress", "gateway", 8080),
        Edge("cli", "gateway", 8080),
        Edge("ledger-check", "consent", 8443),
        # Kubernetes' API, and the object store of the backups.
        Edge("postgres", ANYWHERE, 443),
        Edge("postgres", ANYWHERE, 6443),
    }
    for workload in WORKLOADS:
        fields = settings_of(workload).model_fields
        edges |= {Edge(workload, service, 8443) for service in called_by(workload)}
        edges |= {Edge("monitoring", workload, 9090), Edge(workload, "observability", 4317)}
        if "nats_url" in fields:
            edges.add(Edge(workload, "nats", 4222))
        if "database_url" in fields:
            edges.add(Edge(workload, "postgres", 5432))
        if "smtp_host" in fields:
            edges.add(Edge(workload, INTERNET, 587))
        if {"sms_url", "push_url", "providers"} & fields.keys():
            edges.add(Edge(workload, INTERNET, 443))
    for service in SERVICES:
        edges |= {Edge(f"{service}-migrations", "postgres", 5432), Edge("cli", service, 8443)}
    names = {edge.source for edge in edges} - set(_NAMESPACES) | {"somebody-else"}
    return edges | {Edge(name, "names", 53) for name in names}


def allowed(manifests: Manifests) -> tuple[set[Edge], list[str]]:
    """Returns the connections that the policies let through, and what only one end allows."""
    parties = _parties(manifests)
    policies = list(manifests.of("NetworkPolicy"))
    out = {edge for party in parties for edge in _edges(party, parties, policies, "egress")}
    into = {
        Edge(source, party.name, port)
        for party in parties
        for _, source, port in _edges(party, parties, policies, "ingress")
    }
    ours = {party.name for party in parties if not party.namespace}
    both = {edge for edge in out & into if {edge.source, edge.target} <= ours}
    inward = {edge for edge in into if edge.source not in ours}
    outward = {edge for edge in out if edge.target not in ours}
    half = [
        f"{edge} is allowed at one end only"
        for edge in sorted(out ^ into)
        if {edge.source, edge.target} <= ours
    ]
    return both | inward | outward, half


def _parties(manifests: Manifests) -> Sequence[Party]:
    pods = [*manifests.pods(), *manifests.foreign_pods()]
    ours = [Party(pod.owner.partition("/")[2], pod.labels) for pod in pods]
    unknown = Party("somebody-else", {"app.kubernetes.io/name": "somebody-else"})
    names = Party("names", {"k8s-app": "kube-dns"}, "kube-system")
    others = [Party(name, {}, name) for name in _NAMESPACES]
    return [*ours, unknown, names, *others]


def _edges(
    party: Party, parties: Sequence[Party], policies: Sequence[Any], direction: str
) -> Iterator[Edge]:
    """Yields what one end allows: from `party`, or, with the ends exchanged, to it."""
    if party.namespace:
        return
    closing = [each["spec"] for each in policies if _applies(each["spec"], party, direction)]
    if not closing:
        yield Edge(party.name, ANYWHERE, 0)
    for spec in closing:
        for rule in spec.get(direction, ()):
            peers = rule.get("to" if direction == "egress" else "from")
            ports = [port["port"] for port in rule.get("ports", ())] or [0]
            for other in _others(peers, parties):
                yield from (Edge(party.name, other, port) for port in ports)


def _applies(spec: Mapping[str, Any], party: Party, direction: str) -> bool:
    return direction.capitalize() in spec["policyTypes"] and selects(
        spec["podSelector"], party.labels
    )


def _others(peers: Sequence[Mapping[str, Any]] | None, parties: Sequence[Party]) -> Iterator[str]:
    if peers is None:
        yield ANYWHERE
        return
    for peer in peers:
        if block := peer.get("ipBlock"):
            shut = set(block.get("except", ())) >= _PRIVATE
            yield block["cidr"] if block["cidr"] != "0.0.0.0/0" else INTERNET if shut else ANYWHERE
        else:
            yield from (party.name for party in parties if _is_peer(peer, party))


def _is_peer(peer: Mapping[str, Any], party: Party) -> bool:
    namespaces = peer.get("namespaceSelector")
    here = not party.namespace
    if namespaces is None:
        if not here:
            return False
    elif not selects(namespaces, {"kubernetes.io/metadata.name": party.namespace or "ours"}):
        return False
    return selects(peer.get("podSelector", {}), party.labels)
