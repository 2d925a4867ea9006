"""``doctor`` where there is no terminal: files, store and keyring, and no secret in what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import ME, Ran

Doctor = Callable[..., Ran]
PARTS = {"version", "python", "platform", "ok", "terminal", "multiplexer", "files", "store", "keyring", "findings"}


@pytest.fixture
def doctor(environment: dict[str, str], tmp_path: Path) -> Doctor:
    """Runs the command in a session of its own, in which there is no terminal whoever runs the tests."""

    def run(*arguments: str, program: tuple[str, ...] = ("-m", "inbox_tui"), **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, *program, "doctor", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=tmp_path,
            env=environment | env,
            start_new_session=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    return run


def report(ran: Ran) -> dict[str, Any]:
    assert ran.err == ""
    found: dict[str, Any] = json.loads(ran.out)
    return found


def wrong(ran: Ran) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in report(ran)["findings"] if finding["state"] == "wrong"}


@pytest.mark.usefixtures("workspace")
def test_all_is_well_without_a_terminal(doctor: Doctor, store_file: Path) -> None:
    ran = doctor()
    assert (ran.code, ran.err) == (0, "")
    assert "-   terminal       none here; the commands work without one, the inbox needs one" in ran.lines
    assert f"ok  store          {store_file} (exists, writable)" in ran.lines
    assert f"ok  who you are    {ME}, access admin" in ran.lines
    assert "ok  answer         4 conversations" in ran.lines
    assert "-   keyring        not used by this store" in ran.lines
    assert ran.lines[-1] == "Nothing is wrong."


@pytest.mark.usefixtures("workspace")
def test_one_object_for_support(doctor: Doctor) -> None:
    ran = doctor("--json")
    found = report(ran)
    assert (ran.code, len(ran.lines), set(found)) == (0, 1, PARTS)
    assert found["ok"] is True
    assert (found["terminal"]["is_there"], found["terminal"]["round_trip_ms"]) == (False, None)
    assert (found["store"]["member"], found["store"]["conversations"]) == (ME, 4)
    assert [file["what"] for file in found["files"]] == ["configuration", "store", "drafts", "log", "crash reports"]
    assert "flight" not in ran.out


def test_it_leaves_nothing_behind(doctor: Doctor, tmp_path: Path) -> None:
    for env in ({}, {"INBOX_TUI_STORE": "", "INBOX_TUI_AS": ""}):
        ran = doctor(**env)
        assert ran.code == 0, ran.out
        assert any("there is no inbox yet" in line for line in ran.lines)
    assert [path for path in tmp_path.rglob("*") if path.name != "home"] == []


@pytest.mark.usefixtures("workspace")
def test_a_stranger_is_told_what_to_do(doctor: Doctor) -> None:
    ran = doctor("--json", "--as", "stranger@x.example")
    assert ran.code == 1
    assert "--as" in wrong(ran)["answer"]["mend"]
    assert report(ran)["store"]["opened"] is False


@pytest.mark.parametrize(
    "store",
    [
        "postgresql://dana:hunter2@db.example/inbox?sslpassword=hunter3",
        "https://dana:hunter2@db.example:port/inbox?token=hunter3",
        "postgresql:/dana:hunter2@db.example/inbox",
        "hunter2",
    ],
)
def test_no_secret_is_printed(doctor: Doctor, store: str) -> None:
    for ran in (doctor(INBOX_TUI_STORE=store), doctor("--json", INBOX_TUI_STORE=store)):
        assert ran.code == 1
        assert "hunter" not in ran.out + ran.err


def test_a_wrong_configuration_is_a_finding(doctor: Doctor, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    for text in ("them = 'dark'", '[keys]\n"inbox.replay" = "w"'):
        config.write_text(text)
        ran = doctor("--json", "--config", str(config))
        assert ran.code == 1
        assert wrong(ran)["settings"]["value"].startswith(f"{config}: unknown key")
        assert wrong(ran)["settings"]["mend"].startswith("Did you mean")
    assert set(wrong(doctor("--json", "--config", "none.toml"))) == {"settings", "answer"}


@pytest.mark.usefixtures("workspace")
def test_files_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    state = tmp_path / "state" / "inbox-tui"
    (tmp_path / "data" / "inbox-tui" / "unsent.db").mkdir(parents=True)
    state.mkdir(parents=True)
    (state / "crashes").write_text("")
    ran = doctor("--json", XDG_STATE_HOME=str(tmp_path / "state"), XDG_DATA_HOME=str(tmp_path / "data"))
    assert ran.code == 1
    assert "is a folder where a file belongs" in wrong(ran)["drafts"]["value"]
    assert "is a file where a folder belongs" in wrong(ran)["crash reports"]["value"]
    assert set(wrong(ran)) == {"drafts", "crash reports"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights(doctor: Doctor, workspace: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    sealed.mkdir(mode=0o500)
    assert set(wrong(doctor("--json", XDG_STATE_HOME=str(sealed)))) == {"log", "crash reports"}
    assert set(wrong(doctor("--json", XDG_DATA_HOME=str(sealed)))) == {"drafts"}


def test_a_file_of_something_else(doctor: Doctor, store_file: Path) -> None:
    store_file.write_bytes(b"not a database" * 100)
    ran = doctor("--json")
    assert ran.code == 1
    assert "is not an SQLite file" in wrong(ran)["answer"]["value"]


@pytest.mark.usefixtures("workspace")
def test_what_will_look_different(doctor: Doctor) -> None:
    ran = doctor("--json", PYTHONIOENCODING="latin-1", LC_ALL="de_DE.ISO-8859-1")
    assert ran.code == 1
    assert "LC_ALL=C.UTF-8" in wrong(ran)["encoding"]["mend"]


@pytest.mark.usefixtures("workspace")
def test_what_the_environment_says_cannot_act_on_the_terminal(doctor: Doctor) -> None:
    hostile = "\x1b]0;owned\x07\u202e"
    for arguments in ((), ("--json",)):
        ran = doctor(*arguments, LC_CTYPE=hostile, LC_ALL="", TERM=hostile)
        assert not {"\x1b", "\x07", "\u202e"} & set(ran.out + ran.err)
        assert "u001b" not in ran.out


@pytest.mark.usefixtures("workspace")
def test_it_loads_no_screen_no_network_and_no_keyring(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import sys\nfrom inbox_tui.cli.main import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'rich', 'httpx', 'keyring', 'psycopg'} & set(sys.modules)\n"
        "assert not heavy, heavy\nsys.exit(code)"
    )
    ran = doctor(program=(str(tmp_path / "probe.py"),))
    assert ran.code == 0, ran.err


KEYRING = """
class Keyring: ...
Keyring.__module__ = "keyring.backends.fail"
def get_keyring(): return Keyring()
"""
STORE = """
from inbox_tui.domain.errors import StoreUnavailable
async def open_store(url, identity, clock):
    raise StoreUnavailable(f"{url.text} does not answer.")
"""


def test_a_remote_store_and_its_keyring(doctor: Doctor, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    metadata = packages / "desk-1.0.dist-info"
    metadata.mkdir(parents=True)
    (packages / "desk.py").write_text(STORE)
    (packages / "keyring.py").write_text(KEYRING)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: desk\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[inbox_tui.stores]\ndesk = desk:open_store\n")
    ran = doctor("--json", PYTHONPATH=str(packages), INBOX_TUI_STORE="desk://dana:hunter2@desk.example/7")
    assert ran.code == 1
    assert "hunter2" not in ran.out
    assert wrong(ran)["answer"]["value"] == "desk://desk.example/7 does not answer."
    assert wrong(ran)["keyring"]["value"].startswith("keyring.backends.fail.Keyring")
