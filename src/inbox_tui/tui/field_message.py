"""Messages with fields, without what a dataclass costs.

Textual finds handlers by a message's class, so there are many small classes, and
generating a dataclass's methods takes half a millisecond each, at every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import get_annotations
from typing import Any, ClassVar, dataclass_transform

from textual.message import Message


@dataclass_transform()
class FieldMessage(Message):
    """A message whose annotations are its fields, given in their order or by name; defaults as in a dataclass."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *values: Any, **named: Any) -> None:  # each subclass's annotations say what is checked
        super().__init__()
        for name, value in zip(self._fields, values, strict=False):
            setattr(self, name, value)
        for name, value in named.items():
            setattr(self, name, value)

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        """The fields by name, for logs and tests."""
        return ((name, getattr(self, name)) for name in self._fields)

    def __init_subclass__(cls, **options: Any) -> None:  # passed on as Textual declares them
        super().__init_subclass__(**options)
        cls._fields = (*cls._fields, *get_annotations(cls))
