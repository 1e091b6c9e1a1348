"""What is refused, with which words, and that nothing that is uploaded is written anywhere."""

import http.client
import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
import requests
import simplejpeg
from helpers import noise
from served import PREDICT, Served, png, served, untrained

from competition.images import whole
from competition.run import Run
from competition.scoring.blend import Blend
from competition.serving import app, uploads
from competition.serving.hosts import HostCheck

PARTS = {
    "images": b'Content-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n',
    "tasks": b'Content-Disposition: form-data; name="tasks"\r\n\r\n',
}


def body(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body by hand, with the boundary b."""
    return b"".join(b"--b\r\n" + PARTS[name] + content + b"\r\n" for name, content in parts) + end


def raw(server: Served, sent: bytes | Iterator[bytes], kind: str = "multipart/form-data; boundary=b", **headers):
    headers = {"Content-Type": kind, **headers}
    return requests.post(server.address + PREDICT, data=sent, headers=headers, timeout=60)


def assert_refused(answer: requests.Response, status: int, *words: str) -> None:
    """Assert the status, the one shape of errors, and words of them."""
    said = answer.json()
    assert answer.status_code == status, said
    assert answer.headers["content-type"] == "application/json"
    assert said.keys() == {"error", "message", "problems"}
    assert [word for word in words if word not in json.dumps(said, ensure_ascii=False)] == []


def test_what_is_no_picture_is_refused_by_name_and_none_is_answered(server):
    cut = png()[:-30]
    answer = server.post(png(), b"not a picture", cut, b"", names=["a.png", "b.png", "c.png", "d.png"])
    assert_refused(
        answer, 422, "3 of 4 images cannot be read", "b.png: not an image", "c.png: not", "d.png: the file is"
    )
    assert "a.png" not in answer.text
    assert_refused(server.post(b"GIF89a...."), 422, "a GIF, whatever its name ends in")


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".png", []),
        (".jpg", []),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),  # to 100 with losses, above without
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_too_many_pixels_are_refused_before_they_are_decoded(server, monkeypatch, ending, options, channels):
    allowed, large = (
        cv2.imencode(ending, np.full((300, width, channels), 90, np.uint8), options)[1].tobytes()
        for width in (400, 401)
    )
    monkeypatch.setattr(server.service.loaded, "most", 300 * 400)
    assert server.post(allowed).ok
    with monkeypatch.context() as without:
        for library, decoder in ((cv2, "imdecode"), (simplejpeg, "decode_jpeg"), (zlib, "decompressobj")):
            without.setattr(library, decoder, None)
        answer = server.post(large)
    assert_refused(answer, 413, "0.png: larger than 120,000 pixels; make it smaller")


def test_a_side_that_is_too_long_is_told_from_too_many_pixels(server):
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", 1_000_001, 1, 8, 2, 0, 0, 0)
    chunks = (ihdr, b"IDAT")
    content = (
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks)
        + b"\0\0\0\0IEND\xaeB`\x82"
    )
    assert_refused(server.post(content), 413, "0.png: larger than 1,000,000 pixels to a side; make it smaller")


def test_the_limit_is_lower_than_that_of_training(server):
    about = requests.get(server.address + "v1/model", timeout=60).json()
    assert about["limits"]["pixels"] == 2**24 < whole.MAX_PIXELS
    content = cv2.imencode(".png", np.zeros((4096, 4097), np.uint8))[1].tobytes()
    assert_refused(server.post(content), 413, 'larger than 16,777,216 pixels; make it smaller"')


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (body(), 422, ["there is no image"]),
        (body(("tasks", b"colour")), 422, ["there is no image; send one or more files named images"]),
        (body(("images", png()), end=b""), 400, ["ends before its last boundary"]),
        (b"", 400, ["ends before its last boundary"]),
        (b"nonsense", 400, ["no multipart/form-data"]),
    ],
    ids=["nothing", "no image", "no end", "empty", "nonsense"],
)
def test_a_body_without_pictures_is_refused(server, sent, status, words):
    assert_refused(raw(server, sent), status, *words)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("application/json", "the body is application/json; allowed is multipart/form-data"),
        ("", "the body is of no type"),
        ("image/png", "the body is image/png"),
    ],
)
def test_another_type_of_body_is_refused(server, kind, words):
    assert_refused(raw(server, png(), kind), 415, words)


def test_a_body_without_a_boundary_is_refused(server):
    assert_refused(raw(server, body(("images", png())), "multipart/form-data"), 400, "Missing boundary")


@pytest.mark.parametrize("charset", ["undefined", "unicode_escape", "utf-7", "nonsense", "*=utf-8''undefined"])
@pytest.mark.parametrize("name", [rb"\ud800.png", b"+2AA-.png", b"\xed\xa0\x80.png", "\u202egnp.ü".encode()])
def test_names_are_utf8_whatever_the_client_says(server, charset, name):
    kind = f"multipart/form-data; boundary=b; charset{'' if charset[0] == '*' else '='}{charset}"
    given = raw(server, body(("images", png())).replace(b"a.png", name), kind).json()["images"][0]["name"]
    assert given.isprintable() or name[0] == 0xED  # no UTF-8, and so read as Latin-1
    assert "\u202e" not in given
    bad = raw(server, body(("images", b"broken"), ("tasks", name)).replace(b"a.png", name), kind)
    assert_refused(bad, 422)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tasks": "color"}, ["there is no task 'color'; allowed are colour, tags; perhaps you meant colour"]),
        ({"views": "plane"}, ["there is no view 'plane'", "perhaps you meant plain"]),
        ({"explain": "perhaps"}, ["explain is 'perhaps'; allowed are true and false"]),
        ({"threshold": "1"}, ["a text is named 'threshold'", "allowed are files named images"]),
        ({"images": "a.png"}, ["a text is named 'images'"]),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(server, fields, words):
    assert_refused(server.post(png(), **fields), 422, *words)


def test_views_are_refused_where_a_blend_has_its_own(tmp_path):
    runs = [untrained(tmp_path / name) for name in "ab"]
    blend = Blend.plain([(run.folder, "plain") for run in runs], "arithmetic", runs[0].read_recipe().tasks)
    blend.write(Run(tmp_path / "blend-1"), {})
    with served(tmp_path / "blend-1") as server:
        assert_refused(server.post(png(), views="flip"), 422, "a blend, which looks in views of its own")


def test_other_addresses_and_methods_are_refused(server):
    assert_refused(requests.get(server.address + "v1/predictions", timeout=60), 404, "/v1/predict")
    assert_refused(requests.post(server.address + "v1/predict/", timeout=60), 404)
    for method, path, allowed in (("GET", PREDICT, "POST"), ("POST", "v1/model", "GET"), ("DELETE", "", "GET")):
        answer = requests.request(method, server.address + path, timeout=60)
        assert_refused(answer, 405, f"this address takes only {allowed}")
        assert answer.headers["allow"] == allowed
    assert "server" not in requests.get(server.address, timeout=60).headers


def test_too_many_files_are_refused(server, monkeypatch):
    assert server.post(*[png()] * 32).ok
    assert_refused(server.post(*[png()] * 33), 413, "more than 32 images")


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_while_it_is_read(server, monkeypatch, chunked):
    """Also where its length is not said beforehand; the client, which is still sending, reads why."""
    monkeypatch.setattr(uploads, "MAX_BODY", 2_000_000)
    content = body(("images", noise(1000, 1000).tobytes()))
    pieces = (content[start : start + 100_000] for start in range(0, len(content), 100_000))
    assert_refused(raw(server, pieces if chunked else content), 413, "the body has more than 2 MB")
    assert server.post(png()).ok


def test_a_client_that_asks_first_is_told_before_it_sends(server):
    host = server.address.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.putrequest("POST", f"/{PREDICT}")
    for name, value in (("Content-Type", "multipart/form-data; boundary=b"), ("Expect", "100-continue")):
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(uploads.MAX_BODY + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(("host", "status"), [("evil.example", 421), ("evil.example:80", 421), ("localhost:1", 200)])
def test_only_its_own_names_are_answered(server, host, status):
    """DNS rebinding: the name of another site may point to this machine, but stays in the Host header."""
    for path, method in (("", "GET"), ("healthz", "GET"), (PREDICT, "POST")):
        files = {"images": png()} if method == "POST" else None
        answer = requests.request(method, server.address + path, headers={"Host": host}, files=files, timeout=60)
        assert answer.status_code == status
        if status == 421:
            assert_refused(answer, 421, "--allow-host NAME")


@pytest.mark.parametrize(
    ("header", "listens", "allowed"),
    [
        ("localhost", "127.0.0.1", True),
        ("LOCALHOST.:8000", "127.0.0.1", True),
        ("[::1]:8000", "127.0.0.1", True),
        ("", "127.0.0.1", False),
        ("192.0.2.7:8000", "127.0.0.1", False),
        ("192.0.2.7:8000", "0.0.0.0", True),
        ("[2001:db8::1]", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("pictures.example", "0.0.0.0", True),
        ("shop.example:8443", "127.0.0.1", True),
        ("shop.example", "127.0.0.1", True),
        ("dot.example", "127.0.0.1", True),
        ("localhost.evil.example", "0.0.0.0", False),
        ("localhost:80:80", "127.0.0.1", False),
    ],
)
def test_beyond_loopback_every_address_is_its_own_but_no_name(header, listens, allowed):
    also = ["Pictures.example", "shop.example:8443", "dot.example."]
    assert HostCheck(lambda *_: None, listens, also).allows(header) is allowed


def test_pages_of_other_sites_are_allowed_only_where_that_was_asked_for(server, tmp_path):
    origin = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in requests.get(server.address, headers=origin, timeout=60).headers
    with served(untrained(tmp_path / "m-1").folder, origins=["https://shop.example"]) as other:
        for path in ("v1/model", "nothing"):
            answer = requests.get(other.address + path, headers=origin, timeout=60)
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        foreign = requests.get(other.address, headers={"Origin": "https://evil.example"}, timeout=60)
        assert "access-control-allow-origin" not in foreign.headers


@pytest.fixture
def written(monkeypatch, tmp_path) -> list:  # after the folder of the test
    """What this process opens for writing, or puts into temporary files, which it has no folder for."""
    opened, here = [], [True]

    def watch(event: str, arguments: tuple) -> None:
        if here and event == "open":
            path, mode, flags = arguments  # flags alone where it is os.open
            if set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                opened.append(path)
        if here and event in {"tempfile.mkstemp", "tempfile.mkdtemp", "os.mkdir", "os.rename"}:
            opened.append((event, *arguments))

    monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")
    sys.addaudithook(watch)
    yield opened
    here.clear()  # a hook stays for ever


def test_nothing_that_is_uploaded_touches_the_disk(server, written, tmp_path):
    picture = cv2.imencode(".png", noise(1900, 1900))[1].tobytes()
    assert len(picture) > 10_000_000
    assert server.post(picture, picture, png()).ok
    assert_refused(server.post(picture, picture[:-9]), 422, "not an image")
    assert written == []
    os.close(os.open(tmp_path / "a", os.O_CREAT))  # which the hook sees, or the above would say nothing
    assert written == [str(tmp_path / "a")]
    with pytest.raises(FileNotFoundError):  # what Starlette does with a file of more than a megabyte
        tempfile.mkstemp()


@pytest.fixture
def paused(server, monkeypatch) -> Iterator[threading.Event]:
    """Lets the network answer only once the event is set."""
    go_on, predict = threading.Event(), server.service.batcher.work
    monkeypatch.setattr(server.service.batcher, "work", lambda *given: go_on.wait(60) and predict(*given))
    yield go_on
    go_on.set()
    wait_for(lambda: not server.service.room.images)


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about in 20 seconds")


def test_a_full_queue_says_when_to_come_again(server, paused):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.post(*[png()] * 32))) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: server.service.room.images == 128)
    refused = server.post(png())
    assert_refused(refused, 503, "try again in")
    assert int(refused.headers["retry-after"]) >= 1
    paused.set()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert server.post(png()).ok


def test_bodies_that_would_take_too_much_memory_together_are_refused(server, monkeypatch):
    monkeypatch.setattr(server.service.room, "bytes", 1_000_000)
    assert_refused(server.post(noise(700, 700).tobytes()), 503, "try again in")
    assert server.post(png()).ok


def test_a_refused_body_makes_room_for_others_while_the_rest_of_it_arrives(server, monkeypatch):
    """The first client sends on for a while, because it reads no answer before it is done."""
    monkeypatch.setattr(server.service.room, "bytes", 1_000_000)
    answers, refused, go_on = [], threading.Event(), threading.Event()
    monkeypatch.setattr(app, "drain", lambda *given: refused.set() or uploads.drain(*given))

    def pieces() -> Iterator[bytes]:
        yield body(("images", bytes(1_100_000)), end=b"")
        go_on.wait(60)
        yield b"--b--\r\n"

    sending = threading.Thread(target=lambda: answers.append(raw(server, pieces())))
    sending.start()
    try:
        assert refused.wait(60)
        assert server.post(png()).ok
    finally:
        go_on.set()
        sending.join(60)
    assert_refused(answers[0], 503, "try again in")


def test_a_client_that_leaves_frees_its_place(server, paused, monkeypatch):
    counts, work = [], server.service.batcher.work
    monkeypatch.setattr(
        server.service.batcher, "work", lambda items, kind: counts.append(len(items)) or work(items, kind)
    )
    first = threading.Thread(target=server.post, args=(png(),))
    first.start()
    wait_for(lambda: counts == [1])  # the network is busy with it
    host, port = server.address.split("/")[2].split(":")
    content = body(*[("images", png())] * 30)
    head = f"POST /{PREDICT} HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        wait_for(lambda: server.service.room.images == 31)
    wait_for(lambda: server.service.room.images == 1)
    paused.set()
    first.join(60)
    assert server.post(png(), png()).ok
    assert counts == [1, 2]  # what the client left behind was not predicted


def test_a_body_that_does_not_come_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_SECONDS", 0.3)
    monkeypatch.setattr(uploads, "DRAIN_SECONDS", 0.3)
    host, port = server.address.split("/")[2].split(":")
    head = f"POST /{PREDICT} HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\n--b".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_failure_of_the_network_is_said_without_its_traceback(server, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(server.service.batcher, "work", fail)
    answer = server.post(png())
    assert_refused(answer, 500, "what went wrong is in its log")
    assert "secret" not in answer.text
