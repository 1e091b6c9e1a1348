"""Start-up chatter is held back, and shown where something went wrong."""

import os

import pytest

from competition.quiet import quiet_start


def test_what_native_code_writes_is_held_back_and_later_output_is_not(capfd):
    with quiet_start():
        os.write(2, b"oneDNN custom operations are on\n")
    os.write(2, b"a real message\n")
    assert capfd.readouterr().err == "a real message\n"


def test_it_is_shown_where_the_block_fails(capfd):
    with pytest.raises(ImportError), quiet_start():
        os.write(2, b"libcudart is missing\n")
        raise ImportError
    assert capfd.readouterr().err == "libcudart is missing\n"
