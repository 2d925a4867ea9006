"""Saving what was confirmed when the log of an open database is lost, and saying what to do then.

The connections still have the lost log open, so its content is put back under its name, where
the next program that opens the file finds it. Where another program has begun a new log
meanwhile, the workspace as this one sees it is copied beside the file instead. Afterwards
this process writes nothing any more: its idea of the log is not that of others.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from inbox_tui.backends.sqlite.open_files import LOST, READ_AGAIN, Loss, OpenFiles, Place
from inbox_tui.domain.errors import StoreBroken, StoreUnavailable
from inbox_tui.store.part_file import part_of

_QUIT_ALL = "Quit every inbox-tui that uses {file}, then start again."
_HEADER = 32
_AT_ONCE = 1 << 20


class Holder(Protocol):
    """A connection that has the lost log open."""

    def hold(self) -> AbstractContextManager[None]:
        """Keep all others who have the same log from writing. Raises sqlite3.Error if they do not let it."""

    def copy_to(self, file: Path, progress: Callable[[float], None] | None) -> None:
        """Copy the workspace into an empty file. Raises sqlite3.Error."""


def give_up(files: OpenFiles, loss: Loss, holder: Holder) -> StoreBroken:
    """The refusal of a write after a loss. After that of a log every later one is refused too.

    What can be saved is saved, once for each session.
    """
    if loss.place is Place.FILE:
        hint = "Close inbox-tui, put the file back or restore a backup, and start again."
        if loss.how == "written":
            hint = READ_AGAIN
        return StoreBroken(_what_happened(loss), hint=hint, public=LOST)
    with files.lock:
        if files.refusal == ("", ""):
            files.refusal = _what_happened(loss), _saved(files, loss, holder)
        message, hint = files.refusal
    return StoreBroken(message, hint=hint, public=LOST)


def refuse_to_open(files: OpenFiles, loss: Loss) -> StoreBroken:
    """The refusal of one more connection after a loss: it would not have the lost log, and can save nothing."""
    message, hint = files.refusal
    quit_all = f"Quit every inbox-tui that uses {files.paths[Place.FILE]} in the ordinary way, then start again."
    return StoreBroken(message or _what_happened(loss), hint=hint or quit_all, public=LOST)


def _what_happened(loss: Loss) -> str:
    if loss.how == "cut":
        return f"Another program has cut or overwritten {loss.path}, the log of the inbox, while it was open."
    log = {Place.FILE: "", Place.LOG: ", the log of the inbox,", Place.INDEX: ", the log's index,"}[loss.place]
    return f"{loss.path}{log} was {loss.how} while it was open."


def _saved(files: OpenFiles, loss: Loss, holder: Holder) -> str:
    """What to do now, after everything was done that can be done from here."""
    file = files.paths[Place.FILE]
    quit_all = _QUIT_ALL.format(file=file)
    files.must_not_close = True
    if loss.how == "cut":
        check = f"sqlite3 {file} 'PRAGMA integrity_check'"
        return (
            f"What it held is lost. Quit every inbox-tui that uses {file}, then check it: {check}, or restore a backup."
        )
    if loss.place is Place.INDEX:
        files.refuses_reads = True
        return f"Nothing that was confirmed is lost. {quit_all}"
    try:
        with holder.hold():
            is_back = _put_back(files)
    except (sqlite3.Error, OSError):
        is_back = False
    if is_back:
        files.refuses_reads = True
        return f"Nothing that was confirmed is lost: the log was put back. {quit_all}"
    try:
        copy = _copied(file, holder)
    except (sqlite3.Error, OSError, StoreUnavailable) as error:
        if files.is_same(Place.LOG) or not loss.path.exists():
            files.must_not_close = False
            return (
                f"Quit inbox-tui in the ordinary way (do not kill it): it writes what it holds into {file} then."
                f" It could not be saved before: {error}."
            )
        return f"What was confirmed last is here alone and could not be saved: {error}. Export it before you quit."
    files.refuses_reads = True
    return (
        f"Everything that was confirmed is saved in {copy}. Quit every inbox-tui that uses {file},"
        f" then keep one of the two, {file} or the copy."
    )


def _put_back(files: OpenFiles) -> bool:
    """Give the log's content its name again; False if another log has that name."""
    path, size = files.paths[Place.LOG], os.fstat(files.log).st_size
    if path.exists():
        with path.open("rb+") as other:
            if other.read(_HEADER) == os.pread(files.log, _HEADER, 0):
                return True  # another program that had it open was faster
            if os.fstat(other.fileno()).st_size or not files.is_same(Place.INDEX):
                return False
            # Opened after the loss by a program that waits for the lock held here: it has the same index.
            _copy(files.log, other.fileno(), size)
            os.fsync(other.fileno())
        return True
    with part_of(path) as part:
        _copy(files.log, part.stream.fileno(), size)
        os.fchmod(part.stream.fileno(), files.paths[Place.FILE].stat().st_mode & 0o777)
        os.fsync(part.stream.fileno())
        try:
            os.link(part.path, path)  # unlike a rename it replaces nothing
        except FileExistsError:
            return False
    _to_disk(path.parent)
    return True


def _copied(file: Path, holder: Holder) -> Path:
    """A copy of the workspace as this process sees it, under the first free name."""
    number = 1
    while (copy := file.with_name(f"{file.name}.saved-{number}")).exists():
        number += 1
    with part_of(copy) as part:
        holder.copy_to(part.path, None)
        part.finish()
    _to_disk(file.parent)
    return copy


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        piece = os.pread(source, min(_AT_ONCE, size - done), done)
        if not piece:
            return
        done += os.pwrite(target, piece, done)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
