"""What goes into the image, and what a release of it is built on."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """The files of the wheel that the image installs."""
    folder = tmp_path_factory.mktemp("wheel")
    command = (BIN / "uv", "build", "--wheel", "--no-build-isolation", "--out-dir", folder, ROOT)
    subprocess.run((*command, "--python", sys.executable), check=True, capture_output=True)  # noqa: S603 - our own
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


@pytest.mark.parametrize("part", ["kit", "services", "gateway", "cli"])
def test_it_holds_what_runs_in_production(files: Sequence[str], part: str) -> None:
    ignored = ("kit/testing/", "gateway/web/")
    sources = [path.relative_to(ROOT).as_posix() for path in (ROOT / part).rglob("*.py")]
    assert {source for source in sources if not source.startswith(ignored)} <= set(files)


def test_it_holds_what_is_generated(files: Sequence[str]) -> None:
    made = {"protos.binpb", "asyncapi.json", "events/v1/events_service_pb2.py"}
    assert {f"kundeapp/{name}" for name in made} <= set(files)
    assert any(name.startswith("kundeapp/fonts/") for name in files)


def test_it_holds_nothing_that_only_tests_or_builds_need(files: Sequence[str]) -> None:
    needless = ("tests/", "kit/testing/", "gateway/web/", "protos/", "bench/", "deploy/")
    assert [name for name in files if name.startswith(needless) or name.endswith(".pyi")] == []


@pytest.mark.parametrize("base", ["", "docker.io/library/python:3.13-slim", "python@sha256:123"])
def test_a_release_is_built_on_a_digest_only(base: str) -> None:
    refused = _build(VERSION="1.2", BASE=base)
    assert refused.returncode == 1
    assert "set BASE to an image with @sha256" in refused.stderr


def test_a_digest_will_do_for_a_release() -> None:
    built = _build(VERSION="1.2", BASE="docker.io/library/python:3.13-slim@sha256:" + "a" * 64)
    assert built.stdout.startswith("build --build-arg BASE=docker.io/library/python:3.13-slim@sha")


@pytest.fixture(autouse=True)
def _no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a Buildah in the way that says what it is asked for, and does nothing."""
    buildah = tmp_path / "buildah"
    buildah.write_text('#!/bin/sh\necho "$@"\n')
    buildah.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def _build(**variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], **variables}
    command = (ROOT / "deploy" / "build-image",)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
