"""The PostgreSQL of our own."""

import socket
import sys
from collections.abc import Generator
from pathlib import Path

import asyncpg
import pytest

from kit.local.errors import FolderBusyError, LocalError, NotStartedError, PortBusyError
from kit.local.postgres import LocalPostgres
from kit.local.processes import Child, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that only its owner can pass, as pytest's are."""
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture
def server(folder: Path) -> Generator[LocalPostgres]:
    with LocalPostgres(folder, durable=False) as running:
        yield running


def test_it_is_version_18_and_sorts_alike_everywhere(server: LocalPostgres) -> None:
    assert server.run_sql("SHOW server_version").startswith("18.")
    assert (
        server.run_sql("SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
    )


def test_it_is_not_root(server: LocalPostgres) -> None:
    assert Path(f"/proc/{server.child.pid}").stat().st_uid != 0


async def test_it_asks_for_the_password(server: LocalPostgres) -> None:
    file = server.folder / "password"
    assert file.stat().st_mode & 0o777 == 0o600
    wrong = server.url("postgres").replace(file.read_text(), "wrong")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


def test_it_leaves_no_socket_and_no_shared_memory_file(server: LocalPostgres) -> None:
    assert server.run_sql("SHOW unix_socket_directories") == ""
    assert server.run_sql("SHOW dynamic_shared_memory_type") == "mmap"


def test_settings_of_a_test_win(folder: Path) -> None:
    with LocalPostgres(folder, durable=False, settings={"work_mem": "32MB"}) as server:
        assert server.run_sql("SHOW work_mem") == "32MB"
        assert server.run_sql("SHOW fsync") == "off"


def test_a_restart_keeps_the_data_and_the_password(folder: Path) -> None:
    with LocalPostgres(folder) as server:
        assert server.create_database("kept")
        server.run_sql("CREATE TABLE IF NOT EXISTS kept (word text)", "kept")
        url = server.url("kept")
        port = server.port

    with LocalPostgres(folder, port) as server:
        assert not server.create_database("kept")
        assert server.run_sql("SELECT count(*) FROM kept", "kept") == "0"
        assert server.url("kept") == url


def test_a_server_that_was_killed_recovers(folder: Path) -> None:
    with LocalPostgres(folder) as server:
        assert server.child.process is not None
        server.child.process.kill()
        server.child.process.wait()

    with LocalPostgres(folder) as server:
        assert server.run_sql("SELECT 1") == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="what a process does is read from /proc")
def test_a_pid_file_that_names_a_stranger_is_seen_through(folder: Path) -> None:
    with LocalPostgres(folder) as server:
        data = Path(server.run_sql("SHOW data_directory"))
    stranger = Child(
        "stranger",
        (sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"),
        folder / "stranger.log",
        folder / "stranger.json",
        {},
    )
    stranger.start()
    (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1700000000\n1\n\n127.0.0.1\n")

    with LocalPostgres(folder) as server:
        assert server.run_sql("SELECT 1") == "1"

    assert stranger.running
    stranger.stop()


def test_a_folder_with_a_server_takes_no_second_one(server: LocalPostgres) -> None:
    with pytest.raises(FolderBusyError):
        LocalPostgres(server.folder).start()

    assert server.run_sql("SELECT 1") == "1"


def test_a_busy_port_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortBusyError, match=str(port)):
            LocalPostgres(folder, port).start()


def test_a_wrong_setting_is_told_with_the_end_of_the_log(folder: Path) -> None:
    with pytest.raises(NotStartedError, match="no_such_setting"):
        LocalPostgres(folder, settings={"no_such_setting": "1"}).start()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LocalError, match="file/postgres cannot be written: Not a directory"):
        LocalPostgres(tmp_path / "file" / "postgres").start()


def test_a_stop_ends_open_connections(server: LocalPostgres) -> None:
    host, port = "127.0.0.1", server.port
    with socket.create_connection((host, port)):
        server.stop()
        assert wait_until(lambda: not server.child.running, timeout=1)
    server.start()
