"""Triage: take, assign, resolve, reopen, many at once, undo.

Shows each decision at once and passes it to the store; for a refusal it shows the real
state and the reason. The store applies the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId, Member, MemberId, Status
from inbox_tui.operations.triage import Done, assignments, status_changes
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.requests import DECIDE, SELECT_ALL, SELECT_ALL_LIMIT

if TYPE_CHECKING:
    from inbox_tui.tui.dialogs.assign import AssignChoice

KEEP = "Cancel"
"""The label of the answer that changes nothing."""


class TriageController:
    """The member's decisions, for one conversation or for the selection."""

    def __init__(
        self,
        context: InboxContext,
        takes: Callable[[Iterable[ConversationId]], None],
        go_to: Callable[[Conversation], None],
    ) -> None:
        """``takes`` is called with what the member takes; ``go_to`` goes to an undone change."""
        self._context = context
        self._go_to = go_to
        self._takes = takes
        self.matched: dict[ConversationId, Conversation] = {}
        """The result of "select all"; the list itself holds only the rows it loaded."""
        self._is_selecting = False
        self._chosen: list[MemberId] = []
        """Earlier choices in the assign dialog, the last one first."""

    def targets(self) -> tuple[Conversation, ...]:
        """The targets of the next decision: the selection, or the highlighted one; none during "select all"."""
        context = self._context
        context.touch()
        if self._is_selecting:
            context.status.say("Still selecting; try again in a moment", is_problem=True)
            return ()
        if context.list.selected:
            return tuple(
                conversation
                for id in context.list.selected
                if (conversation := context.list.conversation(id) or self.matched.get(id)) is not None
            )
        return (context.list.highlighted,) if context.list.highlighted else ()

    def select_all(self, query: Query) -> None:
        """Find the whole list, to select it."""
        self._is_selecting = True
        self._context.run(self._context.work.select_all(query), group="select", exclusive=True)

    def failed(self, operation: str) -> None:
        """An operation failed."""
        if operation == SELECT_ALL:
            self._is_selecting = False

    def select(self, query: Query, found: Sequence[Conversation]) -> None:
        """Select the result of "select all", if the list still shows the same query."""
        context = self._context
        self._is_selecting = False
        if query != context.list.query_shown:
            return
        self.matched = {conversation.id: conversation for conversation in found}
        context.list.select_all(self.matched)
        if len(found) >= SELECT_ALL_LIMIT:
            context.status.say(f"Selected the first {len(found):,}, the most at once")

    def take(self) -> None:
        """Assign to the member; ask first where a colleague has it."""
        targets, me = self.targets(), self._context.me
        if not targets:
            return
        holders = [holder.label for subject in targets if (holder := rules.held_by_other(subject, me)) is not None]
        question, yes, no = f"Take {counted(len(targets), 'conversation')}?", f"Take {len(targets):,}", KEEP
        if holders and len(targets) == 1:
            question, yes, no = f"{holders[0]} has this. Take it over?", "Take it over", f"Leave it to {holders[0]}"
        elif holders:
            question += f" Colleagues have {len(holders):,} of them."
        self._after_asking(targets, question, yes, lambda: self._assign(targets, me), no=no, asks=bool(holders))

    def choose_assignee(self) -> None:
        """Open the dialog that assigns the conversation or the selection."""
        from inbox_tui.tui.dialogs.assign import AssignDialog  # not on the first screen

        targets = self.targets()
        if not targets:
            return

        def decided(choice: AssignChoice | None) -> None:
            if choice is None:
                return
            who = choice.member.label if choice.member else "nobody"
            if choice.member is not None:
                self._chosen = [choice.member.id, *(id for id in self._chosen if id != choice.member.id)]
            self._after_asking(
                targets,
                f"Assign {counted(len(targets), 'conversation')} to {who}?",
                f"Assign {len(targets):,}",
                lambda: self._assign(targets, choice.member),
            )

        context = self._context
        menu = AssignDialog(
            context.members,
            context.me,
            [target.assignee.id if target.assignee else None for target in targets],
            recent=self._chosen,
            anchor=context.pane.assign_anchor(),
        )
        context.screen.app.push_screen(menu, decided)

    def toggle_status(self) -> None:
        """Resolve; or reopen, if all targets are resolved."""
        targets = self.targets()
        if not targets:
            return
        all_resolved = all(subject.status is Status.RESOLVED for subject in targets)
        status = Status.OPEN if all_resolved else Status.RESOLVED
        targets = tuple(subject for subject in targets if subject.status is not status)
        verb = "Reopen" if all_resolved else "Resolve"
        self._after_asking(
            targets,
            f"{verb} {counted(len(targets), 'conversation')}?",
            f"{verb} {len(targets):,}",
            lambda: self._set_status(targets, status),
        )

    def undo(self) -> None:
        """Undo the last decision."""
        self._context.run(self._context.work.undo(), group=DECIDE)

    def show(self, done: Done) -> None:
        """Show the store's answer to a decision."""
        context = self._context
        context.show_connection()
        ids = [outcome.change.id for outcome in done.outcomes]
        for id in ids:
            context.threads.forget(id)
        context.painter.show(ids)
        context.list.clear_selection()
        if done.refusals:
            more = f" ({len(done.refusals):,} of {len(done.outcomes):,} refused)" if len(done.outcomes) > 1 else ""
            context.status.say(f"{done.refusals[0].message}{more}", is_problem=True)
        elif done.is_undo:
            self._show_undone(done)
        else:
            undo = f" · {context.keys['inbox.undo']} undo" if done.can_undo else ""
            context.status.say(f"{done.description}{undo}")
        context.refresh()

    def _show_undone(self, done: Done) -> None:
        """Go to the changed conversation, and say its state."""
        context = self._context
        changed = [outcome.after for outcome in done.outcomes if outcome.after is not None]
        there = next((each for each in changed if context.list.conversation(each.id) is not None), None)
        target = there or (changed[0] if changed else None)
        if target is not None:
            self._takes((target.id,))
            self._go_to(target)
            context.say_of(target.id, done.description)
        else:
            context.status.say(done.description)

    def _assign(self, targets: Sequence[Conversation], member: Member | None) -> None:
        if not targets:
            return
        if member is not None and member.id == self._context.me.id:
            self._takes(subject.id for subject in targets)
        self._context.painter.decide(assignments(targets, member), targets)
        self._context.run(self._context.work.assign(targets, member), group=DECIDE)

    def _set_status(self, targets: Sequence[Conversation], status: Status) -> None:
        if not targets:
            return
        self._context.painter.decide(status_changes(targets, status), targets)
        if status is Status.RESOLVED and not self._context.list.selected:
            self._context.go_on()
        self._context.run(self._context.work.set_status(targets, status), group=DECIDE)

    def _after_asking(
        self,
        targets: Sequence[Conversation],
        question: str,
        yes: str,
        act: Callable[[], None],
        *,
        no: str = KEEP,
        asks: bool = False,
    ) -> None:
        """Act; ask first if there are several conversations, or if ``asks``."""
        if len(targets) == 1 and not asks:
            act()
            return

        from inbox_tui.tui.dialogs.confirm import ConfirmDialog  # not on the first screen

        def answered(agreed: bool | None) -> None:
            if agreed:
                act()

        self._context.screen.app.push_screen(ConfirmDialog(question, yes, no), answered)
