"""``inbox-tui``: the commands, and the one place where errors become words and exit codes.

Exit codes: 0 done, 1 the store or the operation failed, 2 usage or configuration,
3 credentials, 130 interrupted. Data goes to stdout, words to stderr.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from types import TracebackType

import click

from inbox_tui import __version__
from inbox_tui.cli.lazy import LazyGroup, global_options
from inbox_tui.cli.session import CommandSession
from inbox_tui.cli.streams import prepare_streams
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.filter_table import Filter

INTERRUPTED = 130
USAGE = 2

COMMANDS = {
    "demo": ("inbox_tui.cli.open:demo", "Open a sample workspace; nothing of yours is touched."),
    "list": ("inbox_tui.cli.reading:list_conversations", "Print conversations."),
    "show": ("inbox_tui.cli.reading:show", "Print a conversation."),
    "reply": ("inbox_tui.cli.acting:reply", "Reply to a visitor."),
    "note": ("inbox_tui.cli.acting:note", "Write a note to the team."),
    "assign": ("inbox_tui.cli.acting:assign", "Assign conversations."),
    "resolve": ("inbox_tui.cli.acting:resolve", "Mark conversations resolved."),
    "reopen": ("inbox_tui.cli.acting:reopen", "Open conversations again."),
    "export": ("inbox_tui.cli.exporting:export", "Write conversations as CSV."),
    "import": ("inbox_tui.cli.importing:import_files", "Read conversations from JSON Lines."),
    "members": ("inbox_tui.cli.team:members", "Manage the team."),
    "profile": ("inbox_tui.cli.profile:profile", "Print or change your display name and avatar."),
    "login": ("inbox_tui.cli.login:login", "Keep a token for a server."),
    "logout": ("inbox_tui.cli.login:logout", "Remove the saved token."),
    "serve": ("inbox_tui.cli.serving:serve", "Offer this store to a team over HTTP."),
    "token": ("inbox_tui.cli.serving:token", "Manage the tokens for a server over this store."),
    "migrate": ("inbox_tui.cli.upkeep:migrate", "Make the store's tables, or bring them up to date."),
    "backup": ("inbox_tui.cli.upkeep:backup", "Copy the store into a file while others write."),
    "copy": ("inbox_tui.cli.upkeep:copy", "Copy a workspace into another store."),
    "stores": ("inbox_tui.cli.about:stores", "List the kinds of store that are installed."),
    "config": ("inbox_tui.cli.about:config", "Print the settings in force and where each comes from."),
    "doctor": ("inbox_tui.cli.doctor:doctor", "Diagnose problems."),
}


@click.group(
    cls=LazyGroup,
    commands_by_name=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--filter", "filter_name", type=click.Choice([filter.value for filter in Filter]), help="Begin with this filter."
)
@click.option("--agent", "agent_name", metavar="NAME", help="Only this agent's conversations.")
@click.option("--slow", is_flag=True, help="Send less over a slow line.")
@click.version_option(__version__, message="inbox-tui %(version)s")
@click.pass_context
def inbox_tui(ctx: click.Context, filter_name: str | None, agent_name: str | None, slow: bool) -> None:
    """A support team's conversation inbox. Without a command: opens the inbox."""
    session = ctx.ensure_object(CommandSession)
    if ctx.invoked_subcommand is not None:
        if filter_name or agent_name or slow:
            raise click.UsageError(f"Write --filter and --agent after {ctx.invoked_subcommand!r}.", ctx)
        return
    from inbox_tui.cli.open import open_inbox

    ctx.exit(open_inbox(session, filter_name, agent_name, slow=slow))


inbox_tui.params += global_options()


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    session = CommandSession()
    try:
        code = inbox_tui.main(args=arguments, prog_name="inbox-tui", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except InboxError as error:
        return _failed(error, is_logged="log_level" in session.options)
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("inbox-tui: interrupted", err=True)
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader of our output has gone, which click ends with SystemExit
        _drop_output()
        return InboxError.exit_code
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _drop_output()
        click.echo(f"inbox-tui: the output could not be written: {error.strerror}.", err=True)
        return InboxError.exit_code
    return code if isinstance(code, int) else 0


def run() -> None:
    """The entry point of the program."""
    prepare_streams()
    sys.excepthook = _report
    sys.exit(main())


def _drop_output() -> None:
    """Have what is left of the output go nowhere, or Python complains of it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Whatever was not foreseen: a report, not a page of code. Python then ends with 1."""
    from datetime import datetime, timezone

    from inbox_tui.cli.output import say
    from inbox_tui.local import paths
    from inbox_tui.local.crash_report import write_report

    say(f"inbox-tui crashed ({kind.__name__}). Your drafts are kept.")
    try:
        report = write_report(error, paths.crash_folder(), datetime.now(timezone.utc))
    except OSError as problem:
        say(f"  A report of it could not be written: {problem.strerror or problem}.")
    else:
        say(f"  Please send this report to its developers; it holds no message: {report}")


def _failed(error: InboxError, *, is_logged: bool) -> int:
    from inbox_tui.cli.output import say

    if is_logged:
        from inbox_tui.cli.log import log_failure

        log_failure(error)
    say(f"inbox-tui: {error.message}")
    if error.hint:
        say(f"  {error.hint}")
    return error.exit_code
