"""The checks of `make ci` see what they are there to see: each fails on a planted violation."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COPIED = ("kit", "services", "gateway", "cli", "protos", "gen", "pyproject.toml", "buf.yaml")

LINT_IMPORTS = ("lint-imports", "--no-cache")
DOMAIN = "services/metering/domain/gsrn.py"
HANDLERS = "services/identity/handlers/sessions.py"
PROTO = "protos/kundeapp/metering/v1/metering_service.proto"


@dataclass(frozen=True)
class Violation:
    """Something that nobody may write, and what the check says of it."""

    rule: str
    file: str
    text: str
    check: tuple[str, ...]
    said: str


VIOLATIONS = (
    Violation(
        "the chassis knows no service",
        "kit/clock.py",
        "import services.metering.config",
        LINT_IMPORTS,
        "not on each other BROKEN",
    ),
    Violation(
        "the gateway imports no service",
        "gateway/config.py",
        "import services.metering.config",
        LINT_IMPORTS,
        "not on each other BROKEN",
    ),
    Violation(
        "the CLI imports no service",
        "cli/config.py",
        "import services.metering.storage",
        LINT_IMPORTS,
        "not on each other BROKEN",
    ),
    Violation(
        "services never import each other",
        "services/metering/servicer/usage.py",
        "import services.identity.handlers",
        LINT_IMPORTS,
        "Services never import each other BROKEN",
    ),
    Violation(
        "use cases do not know the servicer",
        HANDLERS,
        "import services.identity.servicer",
        LINT_IMPORTS,
        "imports point one way BROKEN",
    ),
    Violation(
        "the servicer does not know the storage",
        "services/metering/servicer/usage.py",
        "import services.metering.storage",
        LINT_IMPORTS,
        "imports point one way BROKEN",
    ),
    *(
        Violation(
            f"the {part} does not know {library}",
            file,
            f"import {module}",
            LINT_IMPORTS,
            "no wire BROKEN",
        )
        for part, file in (("domain", DOMAIN), ("use cases", HANDLERS))
        for library, module in (
            ("gRPC", "grpc"),
            ("protobuf", "google.protobuf.message"),
            ("our protobuf messages", "kundeapp.metering.v1.metering_service_pb2"),
            ("NATS", "nats"),
            ("SQLAlchemy", "sqlalchemy"),
            ("SQLModel", "sqlmodel"),
        )
    ),
    Violation(
        "production does not know local servers",
        "services/metering/bootstrap.py",
        "import kit.local.postgres",
        LINT_IMPORTS,
        "developer's machine BROKEN",
    ),
    Violation(
        "style",
        DOMAIN,
        "def undocumented(x): return x",
        ("ruff", "check", DOMAIN),
        "ANN001",
    ),
    Violation(
        "formatting",
        DOMAIN,
        "AN_UNFORMATTED = { }",
        ("ruff", "format", "--check", DOMAIN),
        "would be reformatted",
    ),
    Violation(
        "types",
        DOMAIN,
        "A_WRONG_TYPE: int = 'text'",
        ("pyright", DOMAIN),
        "reportAssignmentType",
    ),
    Violation(
        "protos: an RPC without a comment",
        PROTO,
        "service BareService { rpc Get(GetUsageRequest) returns (Usage); }",
        ("buf", "lint"),
        "should have a non-empty comment",
    ),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    return tree


def run(tree: Path, check: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join((str(tree), str(tree / "gen"))),
    }
    return subprocess.run(  # noqa: S603 - the checks of this project
        [str(BIN / check[0]), *check[1:]],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "check", sorted({violation.check for violation in VIOLATIONS}), ids=" ".join
)
def test_without_a_violation_the_check_passes(tree: Path, check: tuple[str, ...]) -> None:
    done = run(tree, check)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: violation.rule)
def test_a_planted_violation_fails_the_check(tree: Path, violation: Violation) -> None:
    file = tree / violation.file
    before = file.read_text()
    file.write_text(f"{before}\n{violation.text}\n")
    try:
        done = run(tree, violation.check)
    finally:
        file.write_text(before)

    assert done.returncode != 0
    assert violation.said in done.stdout + done.stderr
