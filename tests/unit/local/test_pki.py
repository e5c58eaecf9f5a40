"""The development CA and keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from kit.local import pki
from kit.local.pki import LocalPki


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def made(tmp_path: Path) -> LocalPki:
    local = LocalPki(tmp_path / "pki")
    local.prepare()
    return local


def test_a_certificate_names_its_workload_and_where_it_listens(made: LocalPki) -> None:
    certificate = _certificate(made.identity("metering").certificate)

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://kundeapp/workload/metering"
    ]
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "metering"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_certificate_is_signed_by_the_authority(made: LocalPki) -> None:
    identity = made.identity("gateway")

    _certificate(identity.certificate).verify_directly_issued_by(_certificate(identity.authority))


def test_private_files_are_for_their_owner_only(made: LocalPki) -> None:
    private = [
        *made.folder.glob("*.key"),
        made.internal_signing_keys,
        made.access_signing_keys,
        made.identity_secret_keys,
    ]

    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_the_public_keys_hold_no_private_part(made: LocalPki) -> None:
    private = json.loads(made.internal_signing_keys.read_text())["keys"][0]
    public = json.loads(made.internal_keys.read_text())["keys"][0]

    assert public["kid"] == private["kid"]
    assert "d" in private
    assert "d" not in public


def test_what_is_there_is_kept(made: LocalPki) -> None:
    before = _contents(made.folder)

    made.prepare()

    assert _contents(made.folder) == before


def test_a_certificate_that_ends_soon_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = LocalPki(tmp_path)
    monkeypatch.setattr(pki, "_LEAF_LIFETIME", timedelta(days=29))
    local.prepare(["cli"])
    authority = (tmp_path / "authority.pem").read_bytes()
    monkeypatch.undo()

    local.prepare(["cli"])

    end = _certificate(local.identity("cli").certificate).not_valid_after_utc
    assert end - datetime.now(UTC) > timedelta(days=360)
    assert (tmp_path / "authority.pem").read_bytes() == authority


def test_a_new_authority_signs_every_certificate_anew(made: LocalPki) -> None:
    (made.folder / "authority.key").unlink()

    made.prepare()

    identity = made.identity("cli")
    _certificate(identity.certificate).verify_directly_issued_by(_certificate(identity.authority))
