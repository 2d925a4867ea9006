"""What an HTTP line says, in the words of the domain. The one place that knows httpx's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from inbox_tui.domain.errors import Rejected, StoreUnavailable
from inbox_tui.domain.text import clean_line

AWAY = "Check the network and the address. An open inbox tries again by itself."
"""The hint where a server cannot be reached."""


@contextmanager
def http_errors(name: str) -> Iterator[None]:
    """Translate what httpx raises. ``name`` is the server, as it may be shown."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise StoreUnavailable(f"{name} does not answer in time.", hint=AWAY) from error
    except httpx.ConnectError as error:
        raise StoreUnavailable(f"{name} cannot be reached: {_reason(error)}.", hint=AWAY) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise StoreUnavailable(f"The line to {name} broke: {_reason(error)}.", hint=AWAY) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Rejected(f"{name} cannot handle this request: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return clean_line(str(error) or type(error).__name__).rstrip(".")
