"""The manifests of every place are right: by Kubernetes' schemas, by Checkov, and by our checks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.local.pki import LocalPki
from tests.deploy.checks import CHECKS
from tests.deploy.manifests import Manifests
from tests.deploy.tools import (
    KUBERNETES_VERSIONS,
    OVERLAYS,
    refused_by_checkov,
    refused_by_schemas,
    render,
)


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    pki = LocalPki(tmp_path_factory.mktemp("pki"))
    pki.prepare(())
    return pki


@pytest.fixture
def file(overlay: str, tmp_path: Path) -> Path:
    path = tmp_path / f"{overlay}.yaml"
    path.write_text(render(overlay))
    return path


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_checks_find_no_fault(
    overlay: str, pki: LocalPki, check: Callable[[Manifests], Iterator[str]]
) -> None:
    assert list(check(Manifests.of_place(overlay, pki))) == []


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_kubernetes_knows_every_field(file: Path, version: str) -> None:
    assert refused_by_schemas(file, version) == ""


def test_checkov_finds_no_fault(file: Path) -> None:
    assert refused_by_checkov(file) == []
