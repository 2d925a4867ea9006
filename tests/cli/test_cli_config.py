"""Settings, their sources, and every way to get them wrong; usage and exit codes."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest

from .conftest import RunCli, line, seed


def configured(run_cli: RunCli, *arguments: str, env: dict[str, str] | None = None) -> dict[str, str]:
    ran = run_cli("config", *arguments, env=env)
    assert ran.code == 0, ran.err
    return dict(text.split(" = ", 1) for text in ran.lines[1:])


def test_a_word_beats_the_environment_beats_the_file(run_cli: RunCli, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('store = "sqlite:///file.db"\nas = "file@x.example"\ntheme = "light"\n')
    named = ("--config", str(config))
    without = {"INBOX_TUI_STORE": "", "INBOX_TUI_AS": ""}
    assert configured(run_cli, *named, env=without)["as"] == "file@x.example  # file"
    assert configured(run_cli, *named)["as"] == "dana@acme.example  # environment"
    assert configured(run_cli, *named, "--as", "word@x.example")["as"] == "word@x.example  # command line"
    assert configured(run_cli, env={"INBOX_TUI_CONFIG": str(config)})["theme"] == "light  # file"
    assert configured(run_cli)["theme"] == "dark  # default"


def test_global_options_stand_before_or_after_the_command(run_cli: RunCli) -> None:
    for arguments in (["--as", "a@x.example", "config"], ["config", "--as", "a@x.example"]):
        assert "as = a@x.example  # command line" in run_cli(*arguments).lines


def test_a_password_is_not_shown(run_cli: RunCli) -> None:
    ran = run_cli("config", "--store", "postgresql://dana:hunter2@db.example/inbox?sslpassword=hunter3")
    assert "store = postgresql://db.example/inbox  # command line" in ran.lines
    assert "hunter" not in ran.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("them = 'dark'", ["unknown key 'them'", "Did you mean 'theme'?"]),
        ("zzz = 1", ["unknown key 'zzz'", "The keys are: store, as, token_command, theme"]),
        ("mouse = 'yes'", ["'mouse' must be true or false, not a text"]),
        ("theme = 'blue'", ['\'theme\' must be "dark" or "light"']),
        ("after_send = 'box'", ['\'after_send\' must be "list", "next" or "stay"']),
        ("as = 3", ["'as' must be a text, not a number"]),
        ("token_command = 'pass show inbox'", ["'token_command' must be a list of texts, not a text"]),
        ("undo_send = -1", ["'undo_send' must be a number from 0 to 60."]),
        ("undo_send = 601", ["'undo_send' must be a number from 0 to 60."]),
        ("undo_send = nan", ["'undo_send' must be a number from 0 to 60."]),
        ("undo_send = 'long'", ["'undo_send' must be a number from 0 to 60."]),
        ("as = 2026-11-03", ["'as' must be a text, not a date"]),
        ("token_command = ['pass', 3]", ["'token_command[1]' must be a text, not a number"]),
        ("keys = 3", ["'keys' must be a table, not a number"]),
        ("theme = ", ["is not valid TOML"]),
        ('[keys]\n"inbox.replay" = "w"', ["unknown key 'keys.inbox.replay'", "Did you mean 'inbox.reply'?"]),
        ('[keys.inbox]\nreply = "a"', ["the key 'a' is set for both 'inbox.reply' and 'inbox.assign'"]),
        ('[keys]\n"inbox.reply" = "ctrl+i"', ["a terminal cannot tell 'ctrl+i' from 'tab'"]),
        ('[keys]\n"inbox.reply" = "hyper+x"', ["there is no key 'hyper+x'"]),
        ('[keys]\n"inbox.reply" = "shift+r"', ["there is no key 'shift+r'", "A capital is written"]),
        ('[keys]\n"inbox.reply" = "return"', ["there is no key 'return'"]),
        ('[keys]\n"inbox.reply" = "Ctrl+R"', ["there is no key 'Ctrl+R'", 'Did you mean "ctrl+r"?']),
        ('[keys]\n"inbox.reply" = "ctrl+R"', ['Did you mean "ctrl+r"?']),
        ('[keys]\n"inbox.reply" = "Ctrl-R"', ['Did you mean "ctrl+r"?']),
        ('[keys]\n"inbox.reply" = "Alt+Return"', ['Did you mean "alt+enter"?']),
        ('[keys]\n"inbox.reply" = "Shift+R"', ['Did you mean "R"?']),
        ('[keys]\n"inbox.reply" = true', ["must be a key or a list of keys"]),
    ],
)
def test_a_mistake_names_file_key_and_remedy(run_cli: RunCli, tmp_path: Path, text: str, words: list[str]) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    ran = run_cli("config", "--config", str(config))
    assert (ran.code, ran.out) == (2, "")
    for word in [str(config), *words]:
        assert word in ran.err


@pytest.mark.parametrize("value", ["-1", "601", "nan"])
def test_doctor_names_a_value_outside_its_range(run_cli: RunCli, tmp_path: Path, value: str) -> None:
    (tmp_path / "c.toml").write_text(f"undo_send = {value}\n")
    ran = run_cli("doctor", "--config", "c.toml")
    assert ran.code == 1
    assert "'undo_send' must be a number from 0 to 60" in ran.out
    assert run_cli("list", "--config", "c.toml").code == 2


def test_a_file_written_on_windows_is_read(run_cli: RunCli, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_bytes(b'\xef\xbb\xbftheme = "light"\r\nundo_send = 5\r\n')
    found = configured(run_cli, "--config", str(config))
    assert (found["theme"], found["undo_send"]) == ("light  # file", "5.0  # file")


def test_keys_can_be_changed(run_cli: RunCli, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[keys]\n"inbox.reply" = ["w", "F2", "/"]\ninbox.search = "ctrl+f"\nreply.send = "ctrl+alt+s"\n')
    keys = configured(run_cli, "--config", str(config))
    assert keys["keys.inbox.reply"] == "w,f2,slash  # file"
    assert keys["keys.reply.send"] == "alt+ctrl+s  # file"
    assert keys["keys.inbox.assign"] == "a  # default"


def test_keys_can_be_switched_off(run_cli: RunCli, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[keys]\n"inbox.quit" = []\n"inbox.resolve" = []\n"inbox.reply" = "e"\n')
    keys = configured(run_cli, "--config", str(config))
    assert keys["keys.inbox.quit"] == keys["keys.inbox.resolve"] == "off  # file"
    assert keys["keys.inbox.reply"] == "e  # file"


def test_a_file_that_is_named_must_be_there_and_be_text(run_cli: RunCli, tmp_path: Path) -> None:
    ran = run_cli("list", "--config", "none.toml")
    assert ran.code == 2
    assert "There is no configuration file none.toml." in ran.err
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text" in run_cli("list", "--config", "bad.toml").err
    assert "Is a directory" in run_cli("list", "--config", ".").err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, ""),
        (["-h"], 0, ""),
        (["lits"], 2, "No such command 'lits'"),
        (["list", "--filter", "mine"], 2, "is not one of"),
        (["list", "--limit", "-1"], 2, "--limit"),
        (["assign", "c-1"], 2, "Missing argument"),
        (["resolve"], 2, "Missing argument"),
        (["--filter", "all", "list"], 2, "Write --filter and --agent after 'list'"),
        (["list", "--store", "inbox.db"], 2, "is not a store address"),
        (["list", "--store", "sqlit:///x.db"], 2, "Did you mean sqlite://?"),
        (["list", "--store", "sqlite:////no/such/folder/x.db"], 2, "does not exist"),
        (["list", "--store", "sqlite:////no/a?b.db"], 2, "write it as %3F"),
        (["migrate", "--store", "sqlite:///x.db?mode=ro"], 2, "write it as %3F"),
        (["doctor", "--store", "sqlite:///x.db?mode=ro"], 1, ""),
        (["list", "--store", ""], 2, "it is empty"),
        (["list", "--store", "sqlite:///:memory:"], 2, "cannot live in memory"),
        (["resolve", "c-1", "--store", "sqlite:///mistyped.db"], 1, "There is no inbox at mistyped.db"),
        (["list", "--as", "stranger@x.example"], 3, "--as"),
        (["show", "none"], 1, "does not exist"),
        ([], 2, "inbox-tui list"),
    ],
)
def test_exit_codes(run_cli: RunCli, workspace: Path, arguments: list[str], code: int, words: str) -> None:
    ran = run_cli(*arguments)
    assert ran.code == code, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_a_first_start_makes_a_private_workspace(run_cli: RunCli, tmp_path: Path) -> None:
    without = {"INBOX_TUI_STORE": "", "INBOX_TUI_AS": ""}
    refused = run_cli("list", env=without)
    assert (refused.code, "There is no inbox at" in refused.err) == (1, True)
    assert not list((tmp_path / "home").rglob("inbox.db"))
    assert run_cli("members", "list", env=without).code == 1
    assert run_cli("migrate", env=without).code == 0
    (made,) = (tmp_path / "home").rglob("inbox.db")
    assert made.parent.stat().st_mode & 0o777 == 0o700
    assert run_cli("members", "list", env=without).out.split("\t")[:2][1] == "admin"


def test_the_log_holds_what_lies_beneath_an_error(run_cli: RunCli, workspace: Path, tmp_path: Path) -> None:
    assert run_cli("show", "none", "--log-level", "debug").code == 1
    (log,) = (tmp_path / "home").rglob("inbox-tui.log")
    assert log.stat().st_mode & 0o777 == 0o600
    assert "ERROR inbox_tui: NotFound" in log.read_text()


def test_stores_are_listed(run_cli: RunCli) -> None:
    assert "sqlite://\tbuilt in\tok" in run_cli("stores").lines


def test_output_survives_a_terminal_without_the_characters(run_cli: RunCli, workspace: Path) -> None:
    ran = run_cli("show", "c-4", env={"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"})
    assert ran.code == 0
    assert "Traceback" not in ran.err


def in_terminal(arguments: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """Run on a terminal of its own; returns the exit code and everything that was shown."""
    pid, handle = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "inbox_tui", *arguments], environment)
    shown = b""
    while True:
        try:
            piece = os.read(handle, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_none(environment: dict[str, str], tmp_path: Path, term: str) -> None:
    code, shown = in_terminal([], environment | {"TERM": term}, tmp_path)
    assert code == 2
    assert "inbox-tui list" in shown
    assert "\x1b" not in shown


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("columns", ["80", "120", "50"])
def test_list_fits_the_terminal(environment: dict[str, str], tmp_path: Path, columns: str) -> None:
    code, shown = in_terminal(["list"], environment | {"COLUMNS": columns}, tmp_path)
    lines = shown.replace("\r\n", "\n").splitlines()
    assert code == 0
    assert lines[0].split()[:4] == ["ID", "STATUS", "ACTIVITY", "ASSIG…" if columns == "50" else "ASSIGNEE"]
    assert len(lines) == 5
    assert max(map(len, lines)) <= int(columns)


@pytest.mark.parametrize("columns", ["40", "80", "200"])
@pytest.mark.parametrize("id", ["c-1", "0198f0a2-7b1c-7c3e-9a53-3f5e1b0c9d11", "c" * 60])
def test_list_never_cuts_an_id(
    environment: dict[str, str], tmp_path: Path, store_file: Path, columns: str, id: str
) -> None:
    seed(store_file, [line(id, "hello " * 50, visitor={"name": "Maya " * 20})])
    code, shown = in_terminal(["list"], environment | {"COLUMNS": columns}, tmp_path)
    head, row = shown.replace("\r\n", "\n").splitlines()
    assert code == 0
    assert head.split()[0] == "ID" and row.split()[0] == id
    assert len(row) <= max(int(columns), len(id))


def test_a_store_file_may_be_in_the_home_folder_and_have_any_name(run_cli: RunCli, tmp_path: Path) -> None:
    for url, made in (("sqlite:///~/my.db", "home/my.db"), ("sqlite:///a%3Fb.db", "a?b.db"), ("sqlite:///%7E", "~")):
        assert run_cli("migrate", "--store", url).code == 0
        assert (tmp_path / made).is_file()
        assert run_cli("list", "--store", url).code == 0
        assert run_cli("doctor", "--store", url).out.count(made.rpartition("/")[2]) >= 1


@pytest.mark.usefixtures("workspace")
def test_export_to_a_file_counts_on_the_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    code, shown = in_terminal(["export", "-o", "out.csv"], environment, tmp_path)
    assert code == 0
    assert "\r4 conversations" in shown
    assert shown.endswith("4 conversations exported.\r\n")
