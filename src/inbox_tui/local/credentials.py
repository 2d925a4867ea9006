"""The member's token for a remote store: where it comes from, and where ``login`` keeps it.

The first source that has one wins: the setting ``token_command``, a file that the
environment names, the environment itself, the desktop's keyring, a file of the user's own.
A token is never an argument, never logged and never passed on to another program.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import threading
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from inbox_tui.domain.errors import CredentialError
from inbox_tui.local import paths
from inbox_tui.store.part_file import part_of
from inbox_tui.store.url import StoreUrl

T = TypeVar("T")

_log = logging.getLogger("inbox_tui.credentials")

TOKEN_VARIABLE = "INBOX_TUI_TOKEN"
FILE_VARIABLE = "INBOX_TUI_TOKEN_FILE"
FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
"""systemd's (LoadCredential=); the file in it is CREDENTIAL."""
CREDENTIAL = "inbox-tui-token"

COMMAND_TIMEOUT = 30.0
"""Seconds that a token_command is given: somebody may have to touch a key or type a passphrase."""
KEYRING_TIMEOUT = 3.0
"""Seconds that a keyring is given; one that waits for a desktop that is not there waits for ever."""
LONGEST = 4_096
_ANOTHER_LOGIN = 2.0
"""Seconds to wait for another program that keeps a token for the same store."""
_SERVICE = "inbox-tui"
_REAL_KEYRINGS = ("secretservice", "kwallet", "libsecret", "macos", "windows")


class Source(StrEnum):
    """Where a token came from, in words."""

    COMMAND = "token_command"
    FILE = "the file that the environment names"
    ENVIRONMENT = TOKEN_VARIABLE
    KEYRING = "the keyring"
    KEPT_FILE = "a file that is not encrypted"


class Found(msgspec.Struct, frozen=True):
    """A token and its source."""

    token: str
    source: Source

    def __repr__(self) -> str:
        return f"Found(…, {self.source!r})"


def find_token(url: StoreUrl, command: Sequence[str], environ: MutableMapping[str, str]) -> Found | None:
    """The token for a store, from the first source that has one.

    Args:
        url: The store.
        command: The setting ``token_command``.
        environ: The environment. A token in it is taken out, so that no child process inherits it.

    Raises:
        CredentialError: a source that was named fails, or holds what is no token.
    """
    inherited = environ.pop(TOKEN_VARIABLE, "")
    if command:
        return Found(_checked(_from_command(command), "token_command"), Source.COMMAND)
    for file in _named_files(environ):
        return Found(_checked(_read(file), str(file)), Source.FILE)
    if inherited.strip():
        return Found(_checked(inherited, TOKEN_VARIABLE), Source.ENVIRONMENT)
    kept = _in_time(lambda: _keyring_get(_account(url)))
    if kept:
        return Found(_checked(kept, "the keyring"), Source.KEYRING)
    file = kept_file(url)
    if file.is_symlink() or file.exists():
        _require_private(file)
        return Found(_checked(_read(file), str(file)), Source.KEPT_FILE)
    return None


def keep_token(url: StoreUrl, token: str) -> Source:
    """Keep a token for next time: in a real keyring, or else in a file of mode 0600.

    Raises:
        CredentialError: it is none, or it could not be written.
    """
    token = _checked(token, "what was entered")
    if _in_time(lambda: _keyring_set(_account(url), token)):
        return Source.KEYRING
    file = kept_file(url)
    paths.make_folder(file.parent)
    try:
        with part_of(file, patience=_ANOTHER_LOGIN) as part:
            part.stream.write(f"{token}\n".encode("ascii"))
            part.finish()
    except OSError as error:
        raise CredentialError(
            f"The token could not be kept in {file}: {error.strerror}.", hint="Give it by INBOX_TUI_TOKEN instead."
        ) from error
    return Source.KEPT_FILE


def forget_token(url: StoreUrl) -> list[Source]:
    """Remove what ``keep_token`` kept; tells from where."""
    removed = []
    if _in_time(lambda: _keyring_delete(_account(url))):
        removed.append(Source.KEYRING)
    with suppress(FileNotFoundError):
        kept_file(url).unlink()
        removed.append(Source.KEPT_FILE)
    return removed


def kept_file(url: StoreUrl) -> Path:
    """The file for a store's token where there is no keyring."""
    name = hashlib.sha256(_account(url).encode("utf-8", "replace")).hexdigest()[:32]
    return paths.token_folder() / name


def keyring_is_real(backend: str) -> bool:
    """Whether a keyring of this class really keeps a secret, and encrypted; ``keyrings.alt`` and ``null`` do not."""
    module, _, _ = backend.lower().partition(":")
    return module.startswith("keyring.backends.") and any(name in module for name in _REAL_KEYRINGS)


def _account(url: StoreUrl) -> str:
    return url.shown.rstrip("/")


def _checked(token: str, source: str) -> str:
    lines = token.strip().splitlines()
    found = lines[0].strip() if lines else ""
    if not found or len(found) > LONGEST or not (found.isascii() and found.isprintable() and " " not in found):
        raise CredentialError(
            f"What {source} holds is no token.", hint="A token is one word, as 'inbox-tui token create' prints it."
        )
    return found


def _from_command(command: Sequence[str]) -> str:
    import subprocess

    try:
        with suppress(OSError), open("/dev/tty", "rb") as terminal:  # noqa: PTH123  # for who must be asked
            return _output(command, terminal.fileno())
        return _output(command, subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise CredentialError(
            f"token_command: there is no program {command[0]!r}.", hint="Correct token_command in the configuration."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CredentialError(
            f"token_command ({command[0]}) did not end within {COMMAND_TIMEOUT:.0f} seconds."
        ) from error
    except subprocess.CalledProcessError as error:
        raise CredentialError(
            f"token_command ({command[0]}) ended with {error.returncode}.", hint="Run it yourself to see why."
        ) from error
    except OSError as error:
        raise CredentialError(f"token_command ({command[0]}) cannot be run: {error.strerror}.") from error


def _output(command: Sequence[str], stdin: int) -> str:
    import subprocess

    done = subprocess.run(list(command), stdin=stdin, stdout=subprocess.PIPE, timeout=COMMAND_TIMEOUT, check=True)
    return done.stdout.decode("utf-8", "replace")


def _named_files(environ: MutableMapping[str, str]) -> list[Path]:
    if named := environ.get(FILE_VARIABLE):
        return [Path(named).expanduser()]
    if folder := environ.get(FOLDER_VARIABLE):
        file = Path(folder) / CREDENTIAL
        return [file] if file.exists() else []
    return []


def _read(file: Path) -> str:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(handle, encoding="ascii", errors="replace") as stream:
            return stream.read(LONGEST + 2)
    except OSError as error:
        raise CredentialError(
            f"The token file {file} cannot be read: {error.strerror}.", hint="Check its path and its mode."
        ) from error


def _require_private(file: Path) -> None:
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise CredentialError(
            f"The token file {file} is not yours alone.",
            hint=f"Make it so with: chmod 600 {file}; if others could read it, have the token revoked.",
        )


def _in_time(ask: Callable[[], T]) -> T | None:
    """The keyring's answer; None if there is no keyring, or none that answers."""
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    answers: list[T] = []
    failures: list[BaseException] = []

    def work() -> None:
        failure: BaseException | None = None
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001  # of a desktop's service, or of a package that is half there
            failure = error
        failures.extend([failure] if failure else [])

    # A daemon, because what waits inside a library cannot be stopped and must not keep the process.
    asking = threading.Thread(target=work, name="keyring", daemon=True)
    asking.start()
    asking.join(KEYRING_TIMEOUT)
    if failures:
        _log.warning("The keyring cannot be used: %s", type(failures[0]).__name__)
    return answers[0] if answers else None


def _has_real_keyring() -> bool:
    import keyring

    backend = type(keyring.get_keyring())
    if backend.__module__ == "keyring.backends.chainer":
        members = keyring.get_keyring().backends  # type: ignore[attr-defined]  # the chainer's own
        return bool(members) and keyring_is_real(type(members[0]).__module__)
    return keyring_is_real(backend.__module__)


def _keyring_get(account: str) -> str | None:
    import keyring

    return keyring.get_password(_SERVICE, account) if _has_real_keyring() else None


def _keyring_set(account: str, token: str) -> bool:
    import keyring

    if not _has_real_keyring():
        return False
    keyring.set_password(_SERVICE, account, token)
    return keyring.get_password(_SERVICE, account) == token


def _keyring_delete(account: str) -> bool:
    import keyring

    if not _has_real_keyring() or keyring.get_password(_SERVICE, account) is None:
        return False
    keyring.delete_password(_SERVICE, account)
    return True
