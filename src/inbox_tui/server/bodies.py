"""Bodies of requests as records, read as strictly as the records say.

The framework would take a number for a time and a word for a number, as it must in
queries; here a body is read once, straight into its type. What is wrong is told by ``problems``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException


class RecordRequest(Request[Any, Any, Any]):
    """A request whose JSON is of the type that its handler takes."""

    async def json(self) -> Any:
        """The body as a record. Raises ValidationException."""
        expected: Any = self.route_handler
        try:
            return msgspec.json.decode(await self.body(), type=expected.parsed_data_field.annotation)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValidationException(f"The body is not as it should be: {error}.") from error
