"""The page for those who write a store leads from an empty folder to a package that works."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from terminal.harness import Terminal, environment, needs_tmux

pytestmark = pytest.mark.xdist_group("writing a store")

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-store.md"
FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STORE = ("--store", "jsonfile:///inbox.json", "--as", "dana@acme.example")
OFFLINE = ("No matching distribution", "Could not find a version", "Temporary failure", "Connection", "ProxyError")


@dataclass(frozen=True)
class Place:
    """An environment with inbox-tui and the page's package, and the folder with the page's files."""

    python: Path
    folder: Path

    def run(self, *words: str, may_warn: bool = False) -> str:
        done = subprocess.run(
            [str(self.python), *words],
            cwd=self.folder,
            env=environment(self.folder / "home"),
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        assert done.returncode == 0 or (may_warn and done.returncode == 1), done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Builds the package's wheel and installs it; what it needs comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("writing")
    (folder / "home").mkdir()
    for name, text in FILE.findall(PAGE.read_text("utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True, timeout=60)
    python = folder / "venv" / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "rest.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    done = subprocess.run([*pip, str(folder)], capture_output=True, text=True, check=False, timeout=110)
    if done.returncode and any(words in done.stderr for words in OFFLINE):
        pytest.skip("the package registry, which has the build backend, cannot be reached")
    assert done.returncode == 0, done.stderr
    return Place(python, folder)


@pytest.fixture
def terminal(place: Place) -> Iterator[Terminal]:
    with Terminal(place.folder, environment(place.folder / "home")) as terminal:
        yield terminal


@needs_tmux
def test_the_pages_store_is_installed_filled_and_opened(place: Place, terminal: Terminal) -> None:
    assert "jsonfile://\tinbox-jsonfile\tok\n" in place.run("-m", "inbox_tui", "stores")
    place.run("fill.py")
    listed = place.run("-m", "inbox_tui", *STORE, "list")
    assert "Maya Lindqvist" in listed and "Omar Haddad" in listed
    doctor = place.run("-m", "inbox_tui", *STORE, "doctor", may_warn=True)  # this machine may have no keyring
    assert re.search(r"ok +address +jsonfile:///inbox.json", doctor) and re.search(r"ok +answer +2 convers", doctor)
    terminal.start(str(place.python), "-m", "inbox_tui", *STORE)
    screen = terminal.wait_for("Maya Lindqvist")
    assert "1 All 2" in screen and "5 Pending human reply 1" in screen
    terminal.keys("e")
    terminal.wait_for("4 Resolved 1")
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
    assert '"status":"resolved"' in (place.folder / "inbox.json").read_text("utf-8")


def test_the_pages_store_keeps_the_contract(place: Place) -> None:
    words = ("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "test_contract.py")
    said = place.run(*words)
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None and int(passed[1]) > 100, said
