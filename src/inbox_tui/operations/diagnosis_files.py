"""Whether the files of this user can be used, and whether the store answers.

Looks and leaves nothing behind: makes no file, no folder and no workspace, mends nothing.
Neither the address of a store with its secrets nor a word of a message may come out of here.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import msgspec

from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import Member
from inbox_tui.domain.text import clean, clean_line, clean_name
from inbox_tui.operations.diagnosis import Finding, State
from inbox_tui.store.protocol import Damage, SearchGaps, Store, Upkeep
from inbox_tui.store.url import StoreUrl

T = TypeVar("T")

STORE_TIMEOUT = 15.0
"""Seconds after which a store counts as one that does not answer."""
LOOK_TIMEOUT = 60.0
"""Seconds that looking through every row of a store may take."""
DAMAGED_NAMED = 5
"""Damaged conversations that are named."""
KEYRING_TIMEOUT = 2.0
"""Seconds after which a keyring counts as one that does not answer."""
LOCAL_SCHEME = "sqlite"


class FileFact(msgspec.Struct, frozen=True):
    """A file or folder of the program's, and what can be done with it."""

    what: str
    path: str
    exists: bool
    writable: bool
    """It can be written, or made where it does not exist."""
    readable: bool = True
    """It is of the right kind, and what is in it can be read."""
    problem: str = ""


class StoreFact(msgspec.Struct, frozen=True):
    """What a store said when it was opened."""

    url: str = ""
    """As it may be shown: without user name, password and query."""
    exists: bool = True
    """False for a file that nobody has made yet."""
    opened: bool = False
    member: str = ""
    access: str = ""
    conversations: int | None = None
    damaged: tuple[str, ...] | None = ()
    """The first conversations that need to be mended, each with what is wrong; None: there was no time to look."""
    search: SearchGaps | None = SearchGaps()
    """What a search does not find though it should; None: there was no time to look."""
    error: str = ""
    hint: str = ""


class KeyringFact(msgspec.Struct, frozen=True):
    """Where passwords of remote stores would lie."""

    used: bool = False
    """The store may keep something there."""
    installed: bool = False
    backend: str = ""


def look_at(what: str, path: Path, *, is_folder: bool = False, needs_folder: bool = False) -> FileFact:
    """What can be done with a path.

    Args:
        what: The name of it.
        path: Where it lies.
        is_folder: It is a folder that takes files.
        needs_folder: It is a database, beside which others are written.
    """
    try:
        exists = path.exists()
        if exists and path.is_dir() != is_folder:
            problem = "is a file where a folder belongs" if is_folder else "is a folder where a file belongs"
            return FileFact(what, str(path), exists=True, writable=False, readable=False, problem=problem)
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        can_make = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
        writable = os.access(path, os.W_OK | (os.X_OK if is_folder else 0)) if exists else can_make
    except OSError as error:
        return FileFact(what, str(path), exists=False, writable=False, problem=error.strerror or str(error))
    if exists and writable and needs_folder and not can_make:
        return FileFact(what, str(path), exists=True, writable=False, problem=f"{folder} cannot be written")
    return FileFact(what, str(path), exists=exists, writable=writable, readable=os.access(path, os.R_OK))


def of_file(fact: FileFact) -> Finding:
    """Whether the program can use a file."""
    state = "writable" if fact.writable else fact.problem or "cannot be written"
    words = f"{fact.path} ({'exists' if fact.exists else 'not there yet'}, {state})"
    if fact.writable:
        return Finding("files", fact.what, State.OK, clean(words))
    if fact.what == "store" and fact.exists and fact.readable:
        words = f"{fact.path} (exists, {fact.problem or 'the file cannot be written'}): it can only be read"
        return Finding("files", fact.what, State.NOTE, clean(words), "to work in it: make file and folder writable")
    if fact.what == "configuration" and fact.exists and not fact.problem:
        return Finding("files", fact.what, State.NOTE, clean(f"{words}: settings cannot be kept from the screen"))
    return Finding("files", fact.what, State.WRONG, clean(words), "correct the rights of it and of its folder")


def of_configuration(error: InboxError) -> Finding:
    """What is wrong in the configuration."""
    return Finding("files", "settings", State.WRONG, clean(error.message), clean(error.hint))


def shown(url: StoreUrl) -> str:
    """The address as it may be shown on a terminal."""
    return clean(url.shown)


def without_secrets(words: str, url: StoreUrl) -> str:
    """Words of a backend in which nothing of the address is left that must not be shown."""
    words = words.replace(url.text, shown(url))
    authority = url.text.partition("://")[2].partition("/")[0].rpartition("@")[0]
    query = url.text.partition("?")[2].partition("#")[0]
    values = [pair.partition("=")[2] for pair in query.split("&")]
    for secret in (authority, authority.partition(":")[2], *values):
        for form in (secret, unquote(secret)):
            if form:
                words = words.replace(form, "…")
    return words


async def ask_store(url: StoreUrl, open_store: Callable[[], Awaitable[Store]]) -> StoreFact:
    """Open the store, ask who we are and how many conversations there are, and close it.

    Takes at most STORE_PATIENCE seconds, and LOOK_PATIENCE to look for damage. A failure is part of the answer.
    """
    try:
        member, conversations, damaged, search = await _asked(open_store)
    except InboxError as error:
        message, hint = (clean(without_secrets(words, url)) for words in (error.message, error.hint))
        return StoreFact(shown(url), error=message, hint=hint)
    except TimeoutError:
        words = f"The store does not answer within {STORE_TIMEOUT:.0f} seconds."
        return StoreFact(shown(url), error=words, hint="Check the network and the address, then try again.")
    return StoreFact(
        shown(url),
        opened=True,
        member=clean_name(member.email),
        access=member.access.value,
        conversations=conversations,
        damaged=None if damaged is None else tuple(f"{clean_line(row.id)} ({row.what})" for row in damaged),
        search=search,
    )


async def _asked(
    open_store: Callable[[], Awaitable[Store]],
) -> tuple[Member, int, Sequence[Damage] | None, SearchGaps | None]:
    async with asyncio.timeout(STORE_TIMEOUT):
        store = await open_store()
        try:
            member, conversations = await store.me(), (await store.counts()).all
        except BaseException:
            await store.aclose()
            raise
    try:
        if not isinstance(store, Upkeep) or not store.capabilities.upkeep:
            return member, conversations, (), SearchGaps()
        damaged = await _in_time(store.damaged(DAMAGED_NAMED + 1))
        return member, conversations, damaged, await _in_time(store.search_gaps())
    finally:
        await store.aclose()


async def _in_time(look: Awaitable[T]) -> T | None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_TIMEOUT):
            return await look
    return None


def of_store(fact: StoreFact) -> list[Finding]:
    """Whether the store can be worked with."""
    found = [Finding("store", "address", State.OK, fact.url)] if fact.url else []
    if fact.error:
        return [*found, Finding("store", "answer", State.WRONG, fact.error, fact.hint)]
    if not fact.exists:
        words = "there is no inbox yet; the first start makes one"
        return [*found, Finding("store", "answer", State.NOTE, words, "if there should be one: check --store")]
    return [
        *found,
        Finding("store", "who you are", State.OK, f"{fact.member}, access {fact.access}"),
        Finding("store", "answer", State.OK, counted(fact.conversations or 0, "conversation")),
        *_of_damage(fact.damaged),
        *_of_search(fact.search),
    ]


def _of_damage(damaged: tuple[str, ...] | None) -> list[Finding]:
    if damaged is None:
        words = f"not every row could be looked at within {LOOK_TIMEOUT:.0f} seconds"
        return [Finding("store", "rows", State.NOTE, words, "to look at all of them: inbox-tui migrate")]
    if not damaged:
        return []
    more = ", …" if len(damaged) > DAMAGED_NAMED else ""
    words = f"damaged, with values that cannot be read or are too large: {', '.join(damaged[:DAMAGED_NAMED])}{more}"
    return [Finding("store", "rows", State.WRONG, words, "repair them, as an admin: inbox-tui migrate")]


def _of_search(gaps: SearchGaps | None) -> list[Finding]:
    if gaps is None:
        words = f"not all of it could be looked at within {LOOK_TIMEOUT:.0f} seconds"
        return [Finding("store", "search index", State.NOTE, words)]
    if gaps.is_damaged:
        words = "damaged; the messages are not"
    elif gaps.messages or gaps.conversations:
        lacking = []
        if gaps.messages:
            lacking.append(counted(gaps.messages, "message"))
        if gaps.conversations:
            lacking.append(f"what is known in {counted(gaps.conversations, 'conversation')}")
        words = f"not found as it is now: {' and '.join(lacking)}; another program wrote it"
    else:
        return []
    return [
        Finding("store", "search index", State.WRONG, words, "rebuild it, as an admin: inbox-tui migrate --reindex")
    ]


def look_at_keyring(*, takes_token: bool) -> KeyringFact:
    """The keyring, which is loaded only for a store that may use it.

    Takes at most KEYRING_PATIENCE seconds: a secret service can wait for a desktop that is not there.
    """
    from importlib.util import find_spec

    installed = find_spec("keyring") is not None
    if not (takes_token and installed):
        return KeyringFact(used=False, installed=installed)
    found: list[str] = []
    # A daemon, because what waits inside a library cannot be stopped and must not keep the process.
    asking = threading.Thread(target=lambda: found.append(_keyring_backend()), daemon=True)
    asking.start()
    asking.join(KEYRING_TIMEOUT)
    return KeyringFact(used=True, installed=True, backend=found[0] if found else "")


def _keyring_backend() -> str:
    from importlib import import_module

    backend = type(import_module("keyring").get_keyring())
    return clean_line(f"{backend.__module__}.{backend.__qualname__}")


def of_keyring(fact: KeyringFact, *, takes_token: bool) -> Finding:
    """Whether a password could be kept."""
    if not fact.used:
        words = "the package keyring is not installed, and not needed" if takes_token else "not used by this store"
        return Finding("keyring", "keyring", State.NOTE, words)
    if not fact.backend:
        words = f"it does not answer within {KEYRING_TIMEOUT:.0f} seconds"
        mend = "give the token by INBOX_TUI_TOKEN, or mend the keyring"
        return Finding("keyring", "keyring", State.WRONG, words, mend)
    if any(f".{name}." in f"{fact.backend}." for name in ("fail", "null")):
        mend = "start a secret service (gnome-keyring, kwallet), or give the token to the store otherwise"
        return Finding("keyring", "keyring", State.WRONG, f"{fact.backend}: it keeps nothing", mend)
    if fact.backend.startswith("keyrings.alt"):
        mend = "uninstall keyrings.alt, or choose another backend with PYTHON_KEYRING_BACKEND"
        return Finding("keyring", "keyring", State.WRONG, f"{fact.backend}: it does not encrypt", mend)
    return Finding("keyring", "keyring", State.OK, fact.backend)
