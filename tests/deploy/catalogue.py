"""What the code says about the suite: who publishes and hears what, and who calls whom."""

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from gateway import ended_sessions, live
from gateway.config import Settings as GatewaySettings
from kit.bus import STREAM
from kit.inbox import Consumer
from kit.settings import PartSettings, ProcessSettings
from kit.tls import workload_uri
from kundeapp.event.v1 import event_pb2

SERVICES = ("identity", "metering", "consent", "events")
WORKLOADS = (*SERVICES, "gateway")
CONSUMER_CALLS = ("DURABLE.CREATE", "DELETE", "INFO", "MSG.NEXT")
"""What a service asks the bus for of its consumers; one that begins anew is made anew."""


def settings_of(workload: str) -> type[ProcessSettings]:
    """Returns the class of a workload's settings."""
    if workload == "gateway":
        return GatewaySettings
    return import_module(f"services.{workload}.config").Settings


def migration_settings_of(service: str) -> type[PartSettings]:
    """Returns the class of the settings of a service's migrations."""
    return import_module(f"services.{service}.config").MigrationSettings


def called_by(workload: str) -> set[str]:
    """Returns the services that a workload calls: its settings say where each of them is."""
    return {service for service in SERVICES if service in settings_of(workload).model_fields}


def published_by(service: str) -> list[str]:
    """Returns the subjects that a service publishes on, as its protos declare them."""
    module = import_module(f"kundeapp.{service}.v1.{service}_events_pb2")
    options = (
        message.GetOptions().Extensions[event_pb2.subject]
        for message in module.DESCRIPTOR.message_types_by_name.values()
    )
    return sorted(
        f"kundeapp.{service}.{subject.aggregate}.*.{subject.what}"
        for subject in options
        if subject.what
    )


def consumers_of(service: str) -> list[Consumer]:
    """Returns the durable consumers of a service."""
    try:
        module = import_module(f"services.{service}.consumers")
    except ModuleNotFoundError:
        return []
    return sorted(_consumers(module), key=lambda consumer: consumer.name)


def _consumers(module: Any) -> Iterator[Consumer]:
    for _, make in inspect.getmembers(module, inspect.isfunction):
        signature = inspect.signature(make)
        if signature.return_annotation is Consumer:
            yield make(*(None for _ in signature.parameters))


def bus_users() -> Mapping[str, Any]:
    """Returns what NATS must be told of who may do what, in the form of its configuration."""
    services = [
        _user(service, [*published_by(service), *_jetstream(service)], []) for service in SERVICES
    ]
    heard = [ended_sessions.SUBJECT, live.SUBJECT]
    return {"users": [*services, _user("gateway", [], heard)]}


def _jetstream(service: str) -> list[str]:
    durables = [consumer.name for consumer in consumers_of(service)]
    return [
        *(f"$JS.API.STREAM.{what}.{STREAM}" for what in ("CREATE", "INFO", "UPDATE")),
        # What `kundeapp doctor` shows.
        "$JS.API.INFO",
        *(
            f"$JS.API.CONSUMER.{what}.{STREAM}.{durable}"
            for durable in durables
            for what in CONSUMER_CALLS
        ),
        *(f"$JS.ACK.{STREAM}.{durable}.>" for durable in durables),
    ]


def _user(workload: str, published: list[str], heard: list[str]) -> Mapping[str, Any]:
    publish = {"allow": published} if published else {"deny": [">"]}
    return {
        "user": workload_uri(workload),
        "permissions": {
            "publish": publish,
            "subscribe": {"allow": [*heard, f"_INBOX.{workload}.>"]},
        },
    }
