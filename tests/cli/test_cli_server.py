"""``serve``, ``token``, ``login`` and ``logout``: a server in a process of its own, and clients of it."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from certificates import self_signed
from inbox_tui.domain.models import Access
from inbox_tui.domain.tokens import NewToken, hash_of, secret_of
from inbox_tui.store.protocol import Host, Store, Team

from .conftest import ME, RunCli, in_store, line, seed

TIMEOUT = 20


class Server:
    """``inbox-tui serve`` as a process."""

    def __init__(self, process: subprocess.Popen[str], first: list[str]) -> None:
        self.process = process
        self.first = first
        self.address = re.search(r"https?://\S+", first[-1]).group(0) if "Serving" in first[-1] else ""  # type: ignore[union-attr]

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """Stop it; gives what else it wrote."""
        self.process.send_signal(how)
        _, rest = self.process.communicate(timeout=TIMEOUT)
        return "\n".join(self.first[:-1]) + rest


@contextmanager
def serving(environment: dict[str, str], *options: str, files: int = 0) -> Iterator[Server]:
    """A server; ``files`` as the system's limit of its open files, if it has one of its own."""
    limited = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"] if files else []
    with subprocess.Popen(
        [*limited, sys.executable, "-m", "inbox_tui", "serve", "--port", "0", *options],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        first = [process.stderr.readline()]
        while first[-1] and "Serving" not in first[-1]:
            first.append(process.stderr.readline())
        try:
            yield Server(process, first)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def team(store_file: Path) -> None:
    """A workspace with a conversation and a second member."""
    seed(store_file, [line("c-1")])

    async def admit(store: Store) -> None:
        assert isinstance(store, Team)
        await store.add_member("sam@acme.example", "", Access.EDIT)

    in_store(store_file, admit)


@pytest.fixture
def secret(team: None, store_file: Path) -> str:
    """A token of Dana's."""
    secret = secret_of(bytes(range(32)), is_agent=False)

    async def admit(store: Store) -> None:
        assert isinstance(store, Host)
        await store.add_token(NewToken(hash_of(secret), ME))

    in_store(store_file, admit)
    return secret


def test_tokens_are_shown_once(team: None, run_cli: RunCli, store_file: Path) -> None:
    secret = run_cli("token", "create", ME, "--label", "laptop").out.strip()
    assert re.fullmatch(r"inbox_m_[\w-]{40,}", secret)
    [row] = run_cli("token", "list").lines
    id, owner, expires, label = row.split("\t")
    assert (owner, label) == (ME, "laptop")
    assert datetime.fromisoformat(expires) > datetime.now(timezone.utc) + timedelta(days=364)
    assert secret not in row
    assert secret.encode() not in b"".join(path.read_bytes() for path in store_file.parent.glob("inbox.db*"))
    assert run_cli("token", "revoke", id).err == f"Token {id} of {ME} is revoked.\n"
    assert run_cli("token", "list").lines == []


def test_tokens_of_agents_and_without_an_end(team: None, run_cli: RunCli) -> None:
    made = run_cli("token", "create", "--agent", "Booking bot", "--days", "0")
    assert made.out.startswith("inbox_a_")
    assert "without end" in made.err and "agent Booking bot" in made.err
    assert run_cli("token", "list").lines[0].split("\t")[1:3] == ["agent Booking bot", "never"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["create"], 2, "Name a member's e-mail address"),
        (["create", ME, "--agent", "Bot"], 2, "Name a member's e-mail address"),
        (["create", "nobody@acme.example"], 1, "is not a member"),
        (["revoke", "12345"], 1, "does not exist"),
    ],
)
def test_mistakes_with_tokens(team: None, run_cli: RunCli, arguments: list[str], code: int, words: str) -> None:
    ran = run_cli("token", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err and "Traceback" not in ran.err


def test_only_admins_make_tokens(team: None, run_cli: RunCli) -> None:
    ran = run_cli("token", "create", ME, env={"INBOX_TUI_AS": "sam@acme.example"})
    assert (ran.code, ran.out) == (1, "")
    assert "admin" in ran.err


def test_a_team_works_over_it(secret: str, run_cli: RunCli, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        assert server.address.startswith("http://127.0.0.1:")
        remote = {"INBOX_TUI_STORE": server.address, "INBOX_TUI_TOKEN": secret}
        assert [row["conversation_id"] for row in run_cli("list", "--json", env=remote).objects] == ["c-1"]
        replied = run_cli("reply", "c-1", "-", stdin="A person here", env=remote)
        assert replied.code == 0, replied.err
        assert "A person here" in run_cli("show", "c-1", env=remote).out
        assert run_cli("export", "-o", "-", env=remote).lines[0].startswith("conversation_id,")
        assert run_cli("token", "list", env=remote).code == 1, "tokens are made where the store is"
        log = server.end()
        assert server.process.returncode == 0
    assert "A person here" in run_cli("show", "c-1").out
    assert "POST /v1/conversations/c-1/messages 201" in log
    assert "token=" in log
    assert secret not in log
    assert "A person here" not in log, "no texts either"


@contextmanager
def losing_answers(address: str) -> Iterator[str]:
    """A line to a server on which every POST is done and none is answered; gives its address."""
    host, _, port = address.removeprefix("http://").partition(":")

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((host, int(port.rstrip("/")))) as server, suppress(OSError):
            is_lost = threading.Event()

            def answer() -> None:
                with suppress(OSError):
                    while (part := server.recv(1 << 16)) and not is_lost.is_set():
                        client.sendall(part)
                    client.shutdown(socket.SHUT_RDWR)

            threading.Thread(target=answer, daemon=True).start()
            while request := client.recv(1 << 16):
                if request.startswith(b"POST"):
                    is_lost.set()
                server.sendall(request)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_a_reply_without_an_answer_says_where_to_look(
    secret: str, run_cli: RunCli, environment: dict[str, str]
) -> None:
    with serving(environment) as server, losing_answers(server.address) as address:
        remote = {"INBOX_TUI_STORE": address, "INBOX_TUI_TOKEN": secret}
        replied = run_cli("reply", "c-1", "A person here", env=remote)
        assert replied.code == 1
        assert "It may have been sent. Look first: inbox-tui show c-1" in replied.err
        assert "A person here" in run_cli("show", "c-1", env=remote).out


def test_the_log_has_no_query(secret: str, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        headers = {"Authorization": f"Bearer {secret}"}
        httpx.get(f"{server.address}/v1/conversations?search=private+words", headers=headers).raise_for_status()
        httpx.get(f"{server.address}/v1/%1b[31m", headers={"Authorization": "Bearer inbox_m_wrong"})
        log = server.end()
    assert "GET /v1/conversations 200" in log
    assert "private" not in log and "inbox_m_wrong" not in log and "\x1b" not in log


def test_quiet(secret: str, environment: dict[str, str]) -> None:
    with serving(environment, "--quiet") as server:
        httpx.get(f"{server.address}/v1/health").raise_for_status()
        assert server.end() == ""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_what_is_under_way(secret: str, environment: dict[str, str], how: signal.Signals) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    with serving(environment) as server, httpx.stream("GET", f"{server.address}/v1/events", headers=headers) as events:
        assert events.status_code == 200
        began = time.monotonic()
        server.end(how)
        assert server.process.returncode == 0
        assert time.monotonic() - began < TIMEOUT / 2, "an open stream does not hold it up"
        assert b"".join(events.iter_bytes()).startswith(b"id: "), "and ends in order"


def test_health_and_readiness(team: None, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        assert httpx.get(f"{server.address}/v1/health").json() == {"status": "ok"}
        assert httpx.get(f"{server.address}/v1/ready").json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "--tls-cert"),
        (["--host", "::"], "--tls-cert"),
        (["--host", "127.acme.example"], "--tls-cert"),
        (["--tls-cert", "cert.pem"], "and its key"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], "cannot be used"),
        (["--host", "no.such.host.invalid"], "--behind-proxy"),
        (["--host", "no.such.host.invalid", "--behind-proxy"], "no address of this machine"),
    ],
)
def test_what_it_refuses_to_start_with(team: None, run_cli: RunCli, options: list[str], words: str) -> None:
    ran = run_cli("serve", "--port", "0", *options)
    assert ran.code in (1, 2)
    assert words in ran.err and "Traceback" not in ran.err and "Serving" not in ran.err


def test_a_port_that_is_taken(team: None, run_cli: RunCli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run_cli("serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 1
    assert "Address already in use" in ran.err and "--port" in ran.err


def test_a_store_that_is_not_there_is_not_made(run_cli: RunCli, store_file: Path) -> None:
    assert run_cli("serve", "--port", "0").code == 1
    assert not store_file.exists()


def test_a_server_of_a_server(secret: str, run_cli: RunCli, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        ran = run_cli("serve", "--port", "0", env={"INBOX_TUI_STORE": server.address, "INBOX_TUI_TOKEN": secret})
    assert (ran.code, "cannot be offered" in ran.err) == (1, True), ran.err


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path)


def test_tls(secret: str, run_cli: RunCli, environment: dict[str, str], certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    with serving(environment, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        address = server.address.replace("127.0.0.1", "localhost")
        assert address.startswith("https://")
        remote = {"INBOX_TUI_STORE": address, "INBOX_TUI_TOKEN": secret}
        stranger = run_cli("list", env=remote)
        assert (stranger.code, "CERTIFICATE_VERIFY_FAILED" in stranger.err) == (1, True), stranger.err
        known = run_cli("list", "--json", env=remote | {"SSL_CERT_FILE": str(cert)})
        assert [row["conversation_id"] for row in known.objects] == ["c-1"]
        wrong_name = run_cli("list", env=remote | {"SSL_CERT_FILE": str(cert), "INBOX_TUI_STORE": server.address})
        assert wrong_name.code == 1


FILES, SILENT = 512, 700


@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
def test_silent_connections_beyond_the_open_files(
    secret: str, environment: dict[str, str], certificate: tuple[Path, Path], tls: bool
) -> None:
    """Colleagues and whoever watches the server are answered meanwhile, each over a new connection."""
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key)) if tls else ()
    with ExitStack() as held, serving(environment, "--quiet", *options, files=FILES) as server:
        address = server.address.replace("127.0.0.1", "localhost")
        where = ("127.0.0.1", int(address.rpartition(":")[2]))
        authorities = ssl.create_default_context(cafile=cert) if tls else True
        slowest = 0.0
        for number in range(SILENT):
            held.enter_context(socket.create_connection(where, TIMEOUT))
            if number % 100 == 99:
                for path, headers in (("health", {}), ("me", {"Authorization": f"Bearer {secret}"})):
                    began = time.monotonic()
                    answer = httpx.get(f"{address}/v1/{path}", headers=headers, verify=authorities, timeout=TIMEOUT)
                    assert answer.status_code == 200, answer.text
                    slowest = max(slowest, time.monotonic() - began)
        assert slowest < TIMEOUT / 4
        log = server.end()
        assert server.process.returncode == 0
    assert "leaves room for 256 connections, not 4000" in log
    assert "Traceback" not in log and "Too many open files" not in log
    assert len(log.splitlines()) < 10, log


def test_a_flood_that_is_refused_is_one_line_a_second(secret: str, environment: dict[str, str]) -> None:
    began = time.monotonic()
    with serving(environment) as server, httpx.Client(base_url=f"{server.address}/v1") as client:
        told: Counter[int] = Counter()
        for _ in range(400):
            stranger = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=TIMEOUT)
            stranger.request("GET", "/v1/me")
            told[stranger.getresponse().status] += 1
            stranger.close()
        assert told[401] >= 100 and told[429] >= 100
        assert client.get("/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        log = server.end()
    assert log.count("are refused") <= time.monotonic() - began + 1
    assert len(log.splitlines()) <= told[401] + time.monotonic() - began + 3


@pytest.mark.parametrize(
    ("option", "least", "most"),
    [
        ("--rate", "1", "10000"),
        ("--address-rate", "1", "10000"),
        ("--connections", "16", "100000"),
        ("--address-connections", "16", "100000"),
        ("--proxies", "1", "16"),
        ("--port", "0", "65535"),
    ],
)
def test_numbers_have_a_range(team: None, run_cli: RunCli, option: str, least: str, most: str) -> None:
    for number in (str(int(most) + 1), "0.1" if "rate" in option else str(int(least) - 1), "nan", "inf"):
        ran = run_cli("serve", "--behind-proxy", option, number)
        assert ran.code == 2, (number, ran.err)
        assert option in ran.err and "Traceback" not in ran.err and "Serving" not in ran.err
        assert "is not in the range" in ran.err or "is not a valid integer" in ran.err, ran.err


def test_days_have_a_range(team: None, run_cli: RunCli) -> None:
    for number in ("-1", "36501", "nan", "999999999999999999999999"):
        ran = run_cli("token", "create", ME, "--days", number)
        assert (ran.code, ran.out) == (2, ""), number
        assert "--days" in ran.err and "Traceback" not in ran.err


def test_connections_of_an_address_behind_a_proxy(team: None, run_cli: RunCli) -> None:
    ran = run_cli("serve", "--behind-proxy", "--address-connections", "100")
    assert ran.code == 2 and "--address-connections cannot be held behind a proxy" in ran.err


def test_proxies_without_a_proxy(team: None, run_cli: RunCli) -> None:
    ran = run_cli("serve", "--proxies", "2")
    assert (ran.code, "--behind-proxy" in ran.err) == (2, True)


def test_a_crash_leaves_no_core(team: None, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        assert resource.prlimit(server.process.pid, resource.RLIMIT_CORE) == (0, 0)


def test_login_and_logout(secret: str, run_cli: RunCli, environment: dict[str, str]) -> None:
    with serving(environment) as server:
        store = {"INBOX_TUI_STORE": server.address}
        before = run_cli("list", env=store)
        assert before.code == 3 and f"inbox-tui login {server.address}" in before.err
        logged_in = run_cli("login", server.address, stdin=secret + "\n")
        assert logged_in.code == 0, logged_in.err
        assert f"You are Dana Ortiz ({ME}), access admin." in logged_in.err or ME in logged_in.err
        assert "not encrypted" in logged_in.err, "there is no keyring here, and that is said"
        assert secret not in logged_in.err + logged_in.out
        [file] = [
            path for path in Path(environment["HOME"]).rglob("*") if path.is_file() and secret in path.read_text()
        ]
        assert file.stat().st_mode & 0o777 == 0o600
        assert run_cli("list", env=store).code == 0
        logged_out = run_cli("logout", env=store)
        assert logged_out.code == 0 and "was removed" in logged_out.err
        assert not file.exists()
        assert run_cli("list", env=store).code == 3
        assert "No token" in run_cli("logout", server.address).err
        still = run_cli("logout", env=store | {"INBOX_TUI_TOKEN": secret})
        assert "still gives one" in still.err


@pytest.mark.parametrize("token", ["inbox_m_wrong", "", "two words"])
def test_a_token_is_checked_before_it_is_kept(
    team: None, run_cli: RunCli, environment: dict[str, str], token: str
) -> None:
    with serving(environment) as server:
        ran = run_cli("login", server.address, stdin=token + "\n")
        assert (ran.code, ran.out) == (3, ""), ran.err
        assert "Traceback" not in ran.err
        assert run_cli("list", env={"INBOX_TUI_STORE": server.address}).code == 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://inbox.acme.example", "is not encrypted"),
        ("https://dana:secret@inbox.acme.example", "must not hold a login"),
        ("sqlite:////tmp/x.db", "is no server"),
        ("https:///inbox", "names no host"),
        ("https://localhost:1", "cannot be reached"),
    ],
)
def test_addresses_that_cannot_be(run_cli: RunCli, url: str, words: str) -> None:
    ran = run_cli("login", url, stdin="inbox_m_x\n")
    assert ran.code in (1, 2)
    assert words in ran.err and "Traceback" not in ran.err
    assert "secret" not in ran.err


def test_unencrypted_only_when_asked_for(run_cli: RunCli) -> None:
    ran = run_cli("login", "http://inbox.acme.invalid", "--insecure-http", stdin="inbox_m_x\n")
    assert "cannot be reached" in ran.err, "it would have gone there"


def test_a_token_from_a_command(secret: str, run_cli: RunCli, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text(secret)
    config = tmp_path / "config.toml"
    config.write_text(f'token_command = ["cat", "{tmp_path / "kept"}"]\n')
    with serving(environment) as server:
        ran = run_cli("--config", str(config), "list", "--json", env={"INBOX_TUI_STORE": server.address})
        assert ran.code == 0, ran.err


def test_another_program_answers_there(run_cli: RunCli) -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")
        await writer.drain()
        writer.close()

    async def ask() -> tuple[int, str]:
        async with await asyncio.start_server(hello, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            env = {"INBOX_TUI_STORE": f"http://127.0.0.1:{port}", "INBOX_TUI_TOKEN": "inbox_m_x"}
            ran = await asyncio.to_thread(run_cli, "list", env=env)
            return ran.code, ran.err

    code, err = asyncio.run(ask())
    assert code == 1
    assert "cannot be read" in err and "Traceback" not in err


def test_a_server_that_is_killed_loses_nothing_it_said_it_had(
    secret: str, run_cli: RunCli, environment: dict[str, str]
) -> None:
    with serving(environment) as server:
        remote = {"INBOX_TUI_STORE": server.address, "INBOX_TUI_TOKEN": secret}
        assert run_cli("reply", "c-1", "-", stdin="Said and done", env=remote).code == 0
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        assert run_cli("list", env=remote).code == 1
    assert "Said and done" in run_cli("show", "c-1").out


def test_two_processes_over_one_store_are_one(secret: str, run_cli: RunCli, environment: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        serving(environment) as one,
        serving(environment) as two,
        httpx.Client(headers=headers, timeout=TIMEOUT) as client,
    ):
        draft = {"body": "Once", "key": "same-key", "last_seen": None, "kind": "note"}
        for server in (one, two):
            client.post(f"{server.address}/v1/conversations/c-1/messages", json=draft).raise_for_status()
        with client.stream("GET", f"{two.address}/v1/events") as events:
            pieces = events.iter_text()
            next(pieces)
            client.put(
                f"{one.address}/v1/conversations/c-1/status", json={"status": "resolved", "expected": "open"}
            ).raise_for_status()
            while "c-1" not in next(pieces):
                pass
        [id] = [row.split("\t")[0] for row in run_cli("token", "list").lines]
        assert run_cli("token", "revoke", id).code == 0
        assert [client.get(f"{server.address}/v1/me").status_code for server in (one, two)] == [401, 401]
    thread = run_cli("show", "c-1", "--json").out
    assert thread.count('"Once"') == 1
