"""The programs that make the manifests and check them, as `make k8s` installs them."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_BIN = _ROOT / "deploy" / ".venv" / "bin"

OVERLAYS = ("local", "staging", "production")
KUBERNETES_VERSIONS = ("1.35", "1.36", "1.37")


@cache
def render(overlay: str) -> str:
    """Returns the manifests of a place as YAML.

    Raises:
        AssertionError: If Kustomize refuses them.
    """
    done = _run("kubectl", "kustomize", str(_ROOT / "deploy" / "k8s" / "overlays" / overlay))
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused_by_schemas(manifests: Path, version: str) -> str:
    """Returns what the schemas of a version of Kubernetes refuse; nothing if all is well."""
    arguments = ("--strict", "--no-warn", "--kubernetes-version", version, str(manifests))
    done = _run("kubernetes-validate", *arguments)
    assert "INFO" in done.stdout + done.stderr or done.returncode, "nothing was validated"
    return done.stdout + done.stderr if done.returncode else ""


def refused_by_checkov(manifests: Path) -> list[str]:
    """Returns what Checkov refuses, as `<check> <resource>`."""
    arguments = ("--skip-download", "--framework", "kubernetes", "--output", "json", "--file")
    report: Any = json.loads(_run("checkov", *arguments, str(manifests)).stdout)
    results = report["results"]
    assert results["passed_checks"], "nothing was checked"
    assert not results["parsing_errors"], results["parsing_errors"]
    return [f"{failed['check_id']} {failed['resource']}" for failed in results["failed_checks"]]


def _run(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    if not (_BIN / tool).exists():
        raise AssertionError(f"{tool} is not installed: make k8s does that")
    return subprocess.run(  # noqa: S603 - our own
        (_BIN / tool, *arguments), capture_output=True, text=True, check=False
    )
