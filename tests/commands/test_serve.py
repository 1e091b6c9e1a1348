"""The command serve as a process: what it prints, what it refuses before it loads anything, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from helpers import refusal, write
from served import PREDICT, png, untrained

from competition.commands.serve import serve
from competition.serving.server import listen

BODY = b'--b\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n%b\r\n--b--\r\n' % png()
HEADERS = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\nExpect: 100-continue\r\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return untrained(tmp_path_factory.mktemp("runs") / "mine-1").folder


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen, str, list[str]]]:
    """A server in a process of its own: it, its address, and the lines it has printed."""
    command = [sys.executable, "-m", "competition", "serve", *arguments, "--port", "0"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"answers at http://\S+:(\d+)/", line):
                break
        try:
            assert found, "".join(lines)
            yield process, f"http://127.0.0.1:{found[1]}/", lines
        finally:
            process.kill()


@pytest.mark.slow
def test_sigterm_lets_what_has_begun_be_answered_and_beyond_loopback_it_says_that_there_is_no_login(run):
    with started(str(run), "--host", "0.0.0.0") as (process, address, lines):
        assert any("is reached from other machines, and there is no login" in line for line in lines)
        assert requests.get(address, headers={"Host": "evil.example"}, timeout=60).status_code == 421
        assert requests.get(address + "healthz", timeout=60).json() == {"status": "ok"}
        host, port = address.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"POST /{PREDICT} HTTP/1.1\r\nHost: {host}\r\n{HEADERS % len(BODY)}\r\n".encode())
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # so the request has begun
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert process.poll() is None
            connection.sendall(BODY)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert process.wait(60) == 143
        assert process.stdout.read() == "\nstopped by SIGTERM; what had arrived was answered\n"
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=60)


def test_a_port_that_is_taken_is_refused_before_anything_is_loaded(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refusal(lambda: serve(run, port=port))
    assert message.startswith(f"port {port} of 127.0.0.1 cannot be listened on (Address already in use); give another")
    assert "--port is 70000; allowed are 1 to 65535" in refusal(lambda: serve(run, port=70000))


@pytest.mark.parametrize("host", ["no.such.invalid", "127..0.0.1", "a" * 64])
def test_a_host_that_is_no_address_is_refused(run, host):
    assert f"--host is {host!r}, which is no address of this machine (" in refusal(lambda: serve(run, host=host))


@pytest.mark.parametrize("name", ["https://shop.example", "shop.example/", "*.example", "a b", "", "bücher.example"])
def test_a_name_that_no_request_can_have_is_refused(run, name):
    assert f"--allow-host is {name!r}; allowed are names" in refusal(lambda: serve(run, allow_host=(name,)))


@pytest.mark.parametrize("origin", ["https://a.example/", "a.example", "https://A.example", "https://a.example/x", "*"])
def test_an_origin_that_no_browser_sends_is_refused(run, origin):
    assert f"--allow-origin is {origin!r}; allowed is scheme" in refusal(lambda: serve(run, allow_origin=(origin,)))


def test_two_servers_cannot_take_one_port():
    with listen("127.0.0.1", 0) as first:
        assert "cannot be listened on" in refusal(lambda: listen("127.0.0.1", first.getsockname()[1]))


def test_what_is_no_finished_run_is_refused(tmp_path):
    write(tmp_path / "mine-1/recipe.json", "{}")
    assert "did not finish" in refusal(lambda: serve(tmp_path / "mine-1", port=0))


def test_without_the_extra_it_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "make extras EXTRAS=serve" in refusal(lambda: serve(run, port=0))
