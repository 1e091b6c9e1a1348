"""Files that are whole: what reaches the disk, what killed processes left, locks, and caches that may be spoilt."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import refusal, write

from competition.files import JsonCache, locked, whole_file, whole_folder


@pytest.fixture
def synced(monkeypatch) -> list[str]:
    """What has been synced so far: `file` or `folder`, and `rename` between them."""
    done, fsync, replace = [], os.fsync, Path.replace

    def noted(opened: int) -> None:
        done.append("folder" if Path(f"/proc/self/fd/{opened}").is_dir() else "file")
        fsync(opened)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("rename"), replace(self, to))[1])
    return done


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_whole(path: Path, text: str, **options) -> None:
    with whole_file(path, **options) as temporary:
        temporary.write_text(text)


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_is_before_the_block_ends(tmp_path, synced):
    write_whole(tmp_path / "scores.json", "{}")
    assert synced == ["file", "rename", "folder"]


def test_a_cache_does_not_wait_for_the_disk(tmp_path, synced):
    write_whole(tmp_path / "kept", "", durable=False)
    assert synced == ["rename"]


def test_a_file_appears_under_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "new/model.weights.h5"
    with whole_file(path) as temporary:
        assert temporary.name.endswith(".weights.h5")  # Keras chooses the format by the ending
        assert temporary.parent == path.parent  # renaming is only atomic within a file system
        temporary.write_bytes(b"content")
        assert not path.exists()
    assert path.read_bytes() == b"content"
    assert names(path.parent) == ["model.weights.h5"]


def test_a_file_can_be_read_by_those_who_may_read_any_other(tmp_path):
    (tmp_path / "plain").write_text("")
    with whole_file(tmp_path / "whole"):
        pass
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stands_and_nothing_else(tmp_path, error):
    path = write(tmp_path / "scores.json", "old")

    def fail():
        with whole_file(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["scores.json"]


def aged(path: Path, hours: float) -> Path:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def test_what_killed_processes_left_is_removed_after_a_day_and_nothing_else(tmp_path):
    old = [write(tmp_path / ".writing-abc.csv", "half"), write(tmp_path / ".data-17-unfinished/a.jpg", "half").parent]
    young = [write(tmp_path / ".writing-def.csv", "half"), write(tmp_path / ".data-18-unfinished/a.jpg", "").parent]
    others = [write(tmp_path / "writing.csv", "mine"), write(tmp_path / ".hidden", "mine")]
    for path in (*old, *others):
        aged(path, hours=25)
    for path in young:
        aged(path, hours=23)
    write_whole(tmp_path / "new.csv", "new")
    assert [path.exists() for path in old] == [False, False]
    assert all(path.exists() for path in (*young, *others))


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with whole_folder(tmp_path / "data") as unfinished:
        write(unfinished / "a.jpg", "picture")
        assert not (tmp_path / "data").exists()
    assert (tmp_path / "data/a.jpg").read_text() == "picture"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


HOLDS = """
import sys, time
from pathlib import Path
from competition.files import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_keeps_other_processes_out_until_its_holder_ends(tmp_path):
    file = tmp_path / "locks/.lock"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(file)], **pipes) as other:
        assert other.stdout.readline() == "locked\n"
        with locked(file, wait=False) as lock:
            assert lock is None
        other.communicate("end\n")
    with locked(file, wait=False) as lock:
        assert isinstance(lock, int)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_a_cache_that_is_lost_or_spoilt_begins_anew(tmp_path, content):
    file = tmp_path / "cache/hashes.json"
    if content is not None:
        write(file, content)
    cache = JsonCache(file, valid=lambda value: isinstance(value, int))
    assert cache == {}
    cache["a"] = 1
    cache.write()
    assert JsonCache(file, valid=lambda value: isinstance(value, int)) == {"a": 1}


def test_entries_that_are_not_valid_are_not_there(tmp_path):
    file = write(tmp_path / "c.json", '{"a": 1, "b": "text", "c": null}')
    assert JsonCache(file, valid=lambda value: isinstance(value, int)) == {"a": 1}


def test_a_cache_to_which_nothing_was_added_is_not_written(tmp_path):
    file = aged(write(tmp_path / "c.json", '{"a": 1}'), hours=1)
    before = file.stat().st_mtime_ns
    JsonCache(file, valid=lambda _: True).write()
    assert (file.stat().st_mtime_ns, json.loads(file.read_text())) == (before, {"a": 1})


def test_a_cache_that_may_not_be_written_says_what_to_do(tmp_path):
    write(tmp_path / "cache", "a file where the folder belongs")
    cache = JsonCache(tmp_path / "elsewhere/c.json", valid=lambda _: True)
    cache.file = tmp_path / "cache/c.json"
    cache["a"] = 1
    message = refusal(cache.write)
    assert message.startswith(f"{tmp_path / 'cache'} cannot be written: {tmp_path / 'cache'} is a file")
    assert "move it away" in message
