"""Keys that come together, like a paste without marks, while a dialog has the keys."""

from __future__ import annotations

from textual import events

from inbox_tui.tui.dialogs.export import ExportDialog
from inbox_tui.tui.terminal.events import Burst, UnconfirmedEnter
from tui.workspace import Team4


def pasted(text: str) -> Burst:
    keys = (UnconfirmedEnter() if sign == "\n" else events.Key(sign, sign) for sign in text)
    return Burst(tuple(keys), is_pasted=False)


async def test_a_line_break_inside_a_paste_accepts_no_dialog(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("E")
        assert isinstance(inbox.top, ExportDialog)
        field = inbox.app.focused
        before = field.value  # type: ignore[union-attr]
        inbox.app.post_message(pasted("sku\nqty"))
        await inbox.until(lambda: field.value.endswith("qty"))  # type: ignore[union-attr]
        assert field.value == before + "sku qty"  # type: ignore[union-attr]
        assert inbox.app.focused is field
