"""One call of the command line: its options, its settings, its store, its identity.

Loads each only when a command asks for it. Knows no command and prints nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from inbox_tui.local.settings import ResolvedSettings
    from inbox_tui.store.protocol import Store
    from inbox_tui.store.registry import Identity
    from inbox_tui.store.url import StoreUrl

T = TypeVar("T")


class CommandSession:
    """What the commands share during one call."""

    def __init__(self) -> None:
        self.options: dict[str, str] = {}
        """Global options as given, by name."""

    @cached_property
    def in_force(self) -> ResolvedSettings:
        """The settings and their sources. Raises ConfigError."""
        import os

        from inbox_tui.local.settings import load_settings

        flags = {"store": self.options.get("store"), "as": self.options.get("as")}
        return load_settings(flags, self.options.get("config"), os.environ)

    @cached_property
    def url(self) -> StoreUrl:
        """The store's address; the default one's folder is made. Raises ConfigError."""
        from inbox_tui.local import paths
        from inbox_tui.store.url import StoreUrl

        if given := self.in_force.settings.store:
            return StoreUrl.parse(given)
        file = paths.default_store_file()
        paths.make_folder(file.parent)
        return file_url(file)

    @cached_property
    def identity(self) -> Identity:
        """Who is asking: as given, or a guess from the operating system's account; with a token for a remote store."""
        return self.identity_at(self.url)

    def identity_at(self, url: StoreUrl, email: str = "", name: str = "", *, may_create: bool = True) -> Identity:
        """Who is asking at a store other than that of the settings; ``email`` and ``name`` unless --as says it."""
        from inbox_tui.store.registry import Identity

        user, full_name = _account()
        given = self.in_force.settings.identity
        address = given or email or f"{user}@localhost"
        # Who says who they are may do so on another person's account, whose name visitors must not see.
        shown = name or ("" if given else full_name)
        return Identity(address, shown, is_given=bool(given), may_create=may_create, token=self._token(url))

    def _token(self, url: StoreUrl) -> str:
        from inbox_tui.store.registry import WITHOUT_TOKEN

        if url.scheme in WITHOUT_TOKEN:
            return ""
        import os

        from inbox_tui.local.credentials import find_token

        found = find_token(url, self.in_force.settings.token_command, os.environ)
        return found.token if found else ""

    @property
    def store_is_new(self) -> bool:
        """The store is a file that does not exist yet."""
        return is_new_file(self.url)

    async def open_store(self, *, must_exist: bool = False) -> Store:
        """The store, opened. Raises InboxError, also for one that must exist and does not."""
        from inbox_tui.store.registry import open_store

        return await open_store(self.url, self.identity_at(self.url, may_create=not must_exist))

    def store(self, *, must_exist: bool = False) -> AbstractAsyncContextManager[Store]:
        """``open_store`` for the length of a ``with``."""
        return self._store(must_exist)

    @asynccontextmanager
    async def _store(self, must_exist: bool) -> AsyncIterator[Store]:
        store = await self.open_store(must_exist=must_exist)
        try:
            yield store
        finally:
            await store.aclose()


def is_new_file(url: StoreUrl) -> bool:
    """The store is a file that does not exist yet."""
    from pathlib import Path

    file = Path(url.path)
    return url.scheme == "sqlite" and not (file.exists() and file.stat().st_size)


def file_url(file: Path) -> StoreUrl:
    """The address of a SQLite file."""
    from urllib.parse import quote

    from inbox_tui.store.url import StoreUrl

    return StoreUrl.parse(f"sqlite:///{quote(str(file))}")


def run_async(work: Coroutine[Any, Any, T], *, interrupt_at_once: bool = False) -> T:
    """Run to the end. Ctrl+C, SIGTERM and SIGHUP cancel the work, which may clean up first.

    Args:
        interrupt_at_once: The work blocks on reading a pipe, where a cancellation would wait.

    Raises:
        KeyboardInterrupt: it was cancelled.
    """
    import asyncio
    import signal

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for ending in (signal.SIGTERM, signal.SIGHUP):
            if task is not None and signal.getsignal(ending) is not signal.SIG_IGN:
                loop.add_signal_handler(ending, task.cancel)
        if interrupt_at_once:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return await work

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _account() -> tuple[str, str]:
    """The operating system's user and their full name, as far as it knows them."""
    import os
    import pwd

    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return "user", ""
    full_name = entry.pw_gecos.split(",")[0].strip()
    # A system account has its login as its full name: visitors should not see that as a person's name.
    return entry.pw_name, "" if full_name.casefold() == entry.pw_name.casefold() else full_name
