"""The filters with their numbers, on one line.

Shows which one is active and says which one was clicked; filtering is the screen's.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inbox_tui.domain.filters import Counts, Filter
from inbox_tui.tui.field_message import FieldMessage


class FilterBar(Widget):
    """One line; says less of each filter the narrower it is."""

    DEFAULT_CSS = """
    FilterBar { height: 1; width: 1fr; }
    """

    active: reactive[Filter] = reactive(Filter.ALL)
    """The filter in force; it stands in brackets."""
    counts: reactive[Counts | None] = reactive(None)
    """The number in each filter, as far as it is known; None before the first answer."""

    class Chosen(FieldMessage):
        """A filter was clicked."""

        bar: FilterBar
        filter: Filter

        @property
        def control(self) -> FilterBar:
            """The bar, for ``@on`` with a selector. A property, because it overrides one."""
            return self.bar

    def render(self) -> Content:
        """The filters, as fully named as the width allows."""
        parts: list[tuple[str, str]] = []
        for filter, text in zip(Filter, self.labels(), strict=True):
            if filter is self.active:
                parts.append((f"[{text}]", "bold $accent"))
            else:
                parts.append((f" {text} ", "$inbox-muted" if self._count(filter) == "0" else ""))
        return Content.assemble(*parts)

    def labels(self) -> list[str]:
        """What each filter shows now, in order, without the brackets of the active one."""
        full = [self._label(filter, filter.label) for filter in Filter]
        short = [self._label(filter, filter.entry.short) for filter in Filter]
        numbers = [f"{filter.entry.key}:{self._count(filter)}".rstrip(":") for filter in Filter]
        keys = [filter.entry.key for filter in Filter]
        for labels in (full, short, self._naming(full, numbers), self._naming(short, numbers), numbers):
            if sum(cell_len(label) + 2 for label in labels) <= self.size.width:
                return labels
        return self._naming(short, keys)

    def on_click(self, event: events.Click) -> None:
        """Choose the filter under the mouse."""
        event.stop()
        place = event.get_content_offset(self)
        end = 0
        for filter, text in zip(Filter, self.labels(), strict=True):
            end += cell_len(text) + 2
            if place is not None and place.x < end:
                self.post_message(self.Chosen(self, filter))
                return

    def _naming(self, names: list[str], others: list[str]) -> list[str]:
        """Only the active filter by its name."""
        return [
            name if filter is self.active else other for filter, name, other in zip(Filter, names, others, strict=True)
        ]

    def _label(self, filter: Filter, name: str) -> str:
        return f"{filter.entry.key} {name} {self._count(filter)}".rstrip()

    def _count(self, filter: Filter) -> str:
        """The filter's number; nothing where it is not known."""
        number = None if self.counts is None else self.counts.of(filter)
        return "" if number is None else f"{number:,}"
