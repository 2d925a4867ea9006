"""Where a token comes from, in which order, and where it is kept."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from inbox_tui.domain.errors import ConfigError, CredentialError
from inbox_tui.local import credentials
from inbox_tui.local.credentials import Source, find_token, forget_token, keep_token, kept_file, keyring_is_real
from inbox_tui.store.url import StoreUrl

URL = StoreUrl.parse("https://inbox.acme.example")
OTHER = StoreUrl.parse("https://inbox.other.example")


class Desktop(KeyringBackend):
    """A keyring as a desktop has one, in memory; the real ones need a session bus."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Real(Desktop):
    """One that says it is real."""


class Broken(Real):
    """A service that fails."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("org.freedesktop.DBus.Error.ServiceUnknown")

    set_password = delete_password = get_password  # type: ignore[assignment]


class Waiting(Real):
    """A service that asks somebody who is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.gone.wait(30)
        return None


for _real in (Real, Broken, Waiting):
    _real.__module__ = "keyring.backends.libsecret"


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """The keyring of whoever runs the tests is left alone."""
    before = keyring.get_keyring()
    keyring.set_keyring(Desktop())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def desktop() -> Real:
    real = Real()
    keyring.set_keyring(real)
    return real


def source(environ: dict[str, str] | None = None, *command: str) -> tuple[str, Source] | None:
    found = find_token(URL, command, {} if environ is None else environ)
    return (found.token, found.source) if found else None


def test_nothing_anywhere() -> None:
    assert source() is None


def test_the_order_of_the_sources(tmp_path: Path, desktop: Real) -> None:
    named = tmp_path / "named"
    named.write_text("from-file\n")
    (tmp_path / "inbox-tui-token").write_text("from-systemd\n")
    environ = {
        "INBOX_TUI_TOKEN": "from-environment",
        "INBOX_TUI_TOKEN_FILE": str(named),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    keep_token(URL, "from-keyring")
    keyring.set_keyring(Desktop())
    keep_token(URL, "from-kept-file")
    keyring.set_keyring(desktop)
    assert source(dict(environ), "printf", "from-command") == ("from-command", Source.COMMAND)
    assert source(dict(environ)) == ("from-file", Source.FILE)
    del environ["INBOX_TUI_TOKEN_FILE"]
    assert source(dict(environ)) == ("from-systemd", Source.FILE)
    del environ["CREDENTIALS_DIRECTORY"]
    assert source(dict(environ)) == ("from-environment", Source.ENVIRONMENT)
    assert source() == ("from-keyring", Source.KEYRING)
    desktop.kept.clear()
    assert source() == ("from-kept-file", Source.KEPT_FILE)


def test_no_child_process_inherits_it() -> None:
    environ = {"INBOX_TUI_TOKEN": "secret", "PATH": os.environ["PATH"]}
    assert source(environ, "echo", "from-command") == ("from-command", Source.COMMAND)
    assert "INBOX_TUI_TOKEN" not in environ, "whichever source wins"


def test_without_a_keyring_it_is_a_file_of_the_user_alone() -> None:
    assert keep_token(URL, "secret-1") is Source.KEPT_FILE
    file = kept_file(URL)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.read_text() == "secret-1\n"
    assert keep_token(URL, "secret-2") is Source.KEPT_FILE
    assert source() == ("secret-2", Source.KEPT_FILE)
    assert [path.name for path in file.parent.iterdir()] == [file.name], "no temporary file is left"
    assert find_token(OTHER, (), {}) is None, "each server has its own"


def test_in_a_real_keyring_there_is_no_file(desktop: Real) -> None:
    assert keep_token(URL, "secret") is Source.KEYRING
    assert not kept_file(URL).exists()
    assert source() == ("secret", Source.KEYRING)


def test_forgetting(desktop: Real) -> None:
    keep_token(URL, "in-the-keyring")
    keyring.set_keyring(Desktop())
    keep_token(URL, "in-a-file")
    keyring.set_keyring(desktop)
    assert forget_token(URL) == [Source.KEYRING, Source.KEPT_FILE]
    assert forget_token(URL) == []
    assert source() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_kept_file_that_others_may_read_is_refused(mode: int) -> None:
    keep_token(URL, "secret")
    kept_file(URL).chmod(mode)
    with pytest.raises(CredentialError, match="not yours alone"):
        source()


def test_a_kept_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    keep_token(URL, "secret")
    elsewhere = tmp_path / "elsewhere"
    kept_file(URL).rename(elsewhere)
    kept_file(URL).symlink_to(elsewhere)
    with pytest.raises(CredentialError, match="not yours alone"):
        source()


@pytest.mark.parametrize("backend", [Broken, Waiting])
def test_a_keyring_that_fails_or_hangs_is_left_alone(backend: type[Real], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "KEYRING_TIMEOUT", 0.1)
    asked = backend()
    keyring.set_keyring(asked)
    assert source() is None
    assert keep_token(URL, "secret") in (Source.KEPT_FILE, Source.KEYRING)
    if isinstance(asked, Waiting):
        asked.gone.set()


@pytest.mark.parametrize(
    "content",
    ["", "\n", "two words", "né", "x" * 5000, "\x1b[31m"],
    ids=["empty", "blank", "words", "é", "long", "esc"],
)
def test_what_is_no_token_is_told_without_being_shown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CredentialError, match="holds is no token") as told:
        source({"INBOX_TUI_TOKEN_FILE": str(file)})
    assert not content.strip() or content not in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be read: No such file"):
        source({"INBOX_TUI_TOKEN_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-program-anywhere"], "there is no program"),
        (["sh", "-c", "exit 3"], "ended with 3"),
        (["sh", "-c", "sleep 20"], "did not end within"),
        (["/dev/null"], "cannot be run"),
        (["true"], "holds is no token"),
    ],
)
def test_a_command_that_gives_none(command: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "COMMAND_TIMEOUT", 0.2)
    with pytest.raises(CredentialError, match=words):
        source({}, *command)


def test_where_it_cannot_be_kept() -> None:
    folder = kept_file(URL).parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="cannot be made"):
        keep_token(URL, "secret")


@pytest.mark.parametrize(
    ("module", "is_real"),
    [
        ("keyring.backends.SecretService", True),
        ("keyring.backends.kwallet", True),
        ("keyring.backends.macOS", True),
        ("keyring.backends.Windows", True),
        ("keyring.backends.fail", False),
        ("keyring.backends.null", False),
        ("keyrings.alt.file", False),
        ("keyrings.libsecret.plaintext", False),
        ("", False),
    ],
)
def test_which_keyrings_are_real(module: str, is_real: bool) -> None:
    assert keyring_is_real(module) is is_real


def test_a_token_is_not_shown_by_what_holds_it(desktop: Real) -> None:
    keep_token(URL, "top-secret")
    assert "top-secret" not in repr(find_token(URL, (), {}))
