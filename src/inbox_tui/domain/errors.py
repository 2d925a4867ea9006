"""The error tree: every error has a message and a hint that a person can act on.

InboxError
├── ConfigError                 a setting, option or address is wrong
├── CredentialError             the store does not know who you are
├── BadImport                   a file to import cannot be read
├── ExportError                 an export could not be written
└── StoreError                  the store could not do what was asked
    ├── StoreUnavailable        not now; a retry may help
    ├── NotAllowed              your access does not permit it
    ├── NotFound                the conversation, member or agent is gone
    ├── Conflict                a colleague was first
    ├── Rejected                the value is not acceptable
    ├── ProfileIncomplete       a reply needs a display name and an avatar
    ├── Unsupported             this kind of store cannot do it
    └── StoreBroken             the file or the answer is damaged or foreign

Every error carries a message (what went wrong, where) and a hint (what to do).
Backends translate their library's exceptions into these in one place each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from inbox_tui.domain.models import Conversation, Message


class InboxError(Exception):
    """Base of every error that a person is meant to read."""

    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "", public: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.public = public
        """The message without the store's location, for clients of a server. Empty if the message names no store, or
        if clients may learn only the kind of the error."""


class ConfigError(InboxError):
    """A setting, an option or a store's address is wrong."""

    exit_code = 2
    default_hint = "Correct the setting and start again; 'inbox-tui config' shows where each comes from."


class CredentialError(InboxError):
    """The store does not know who is asking."""

    exit_code = 3
    default_hint = "Say who you are with --as EMAIL, or ask an admin to add you."


class BadImport(InboxError):
    """A file to import cannot be read as conversations."""

    default_hint = "Correct the file and import it again; what went in is not doubled."


class ExportError(InboxError):
    """An export could not be written; no half file was left."""

    default_hint = "Choose another place with -o FILE and export again."


class StoreError(InboxError):
    """The store could not do what was asked."""

    default_hint = "Try again; if it happens again, make a copy of the store before anything else."


class StoreUnavailable(StoreError):
    """The store cannot answer now. A retry may help."""

    default_hint = "Nothing was changed. Try again in a moment."

    def __init__(self, message: str, *, hint: str = "", public: str = "", maybe_done: bool = False) -> None:
        super().__init__(message, hint=hint, public=public)
        self.maybe_done = maybe_done
        """The write may have been done: the store had it, and its answer did not arrive."""


class NotAllowed(StoreError):
    """The member's access does not permit this."""

    default_hint = "A workspace admin can grant access under Account → Team management (inbox-tui members)."


class NotFound(StoreError):
    """The conversation, member or agent does not exist (any more)."""

    default_hint = "It may have been removed, or the id is another."


class Conflict(StoreError):
    """A colleague was first; nothing was overwritten."""

    default_hint = "Look at what changed, then decide again."

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        conversation: Conversation | None = None,
        messages: tuple[Message, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.conversation = conversation
        """The conversation as it is now, where the store knows."""
        self.messages = messages
        """For a reply: what colleagues wrote after the author last looked."""


class Rejected(StoreError):
    """The store will not take this value."""

    default_hint = "Change what you entered and try again."


class ProfileIncomplete(StoreError):
    """A reply needs a display name and an avatar, and one is missing."""

    default_hint = "Give them under settings (key ,) or with: inbox-tui profile --name NAME."


class Unsupported(StoreError):
    """This kind of store cannot do what was asked."""

    default_hint = "Use another kind of store; 'inbox-tui stores' lists those that are installed."


class StoreBroken(StoreError):
    """The store's content is damaged, foreign, or newer than this program."""

    default_hint = "Restore a backup of it, or choose another store with --store URL."

    def __init__(self, message: str, *, hint: str = "", public: str = "", maybe_done: bool = False) -> None:
        super().__init__(message, hint=hint, public=public)
        self.maybe_done = maybe_done
        """The write may have been done: the store had it, and its answer did not arrive."""
