"""Where this user's files lie: configuration, data, state. Makes the folders, private to the user."""

from __future__ import annotations

from pathlib import Path

from inbox_tui.domain.errors import ConfigError

_NAME = "inbox-tui"


def config_file() -> Path:
    """The default configuration file."""
    from platformdirs import user_config_path  # these imports cost more than most commands do otherwise

    return user_config_path(_NAME) / "config.toml"


def token_folder() -> Path:
    """Tokens for remote stores, where no keyring keeps them."""
    from platformdirs import user_config_path

    return user_config_path(_NAME) / "tokens"


def default_store_file() -> Path:
    """The workspace of a user who named no store."""
    from platformdirs import user_data_path

    return user_data_path(_NAME) / "inbox.db"


def unsent_file() -> Path:
    """What was typed or sent and no store has yet: drafts and the outbox."""
    from platformdirs import user_data_path

    return user_data_path(_NAME) / "unsent.db"


def earlier_unsent_folder() -> Path:
    """Where versions until 0.3 kept drafts and outbox, in two files."""
    return _state_folder()


def copies_folder() -> Path:
    """Up to where copied stores are known to hold nothing but the copy."""
    return _state_folder() / "copies"


def log_file() -> Path:
    """What the program notes about itself with ``--log-level``."""
    return _state_folder() / "inbox-tui.log"


def crash_folder() -> Path:
    """Reports of the program's own mistakes."""
    return _state_folder() / "crashes"


def make_folder(folder: Path) -> None:
    """Make a folder of the user's own, for nobody else to read. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} cannot be made: {error.strerror or error}.",
            hint="Make it yourself, or set HOME or the XDG folders to where you may write.",
        ) from error


def _state_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path(_NAME)
