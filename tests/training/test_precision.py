"""The number format `auto`: the faster one for this network on this device, measured once."""

import json
from dataclasses import replace
from threading import Event, Thread

import pytest
from small_data import TINY, write_data

from competition.commands.train import train
from competition.model import devices
from competition.model.restore import restore
from competition.training import precision
from competition.training.precision import Choice, choose_precision

AUTO = replace(TINY, precision="auto")
BFLOAT16 = "mixed_bfloat16"


class Machine:
    """A device on which a step takes as long as it is told to; it counts the networks built for it."""

    def __init__(self, **seconds):
        self.seconds, self.now, self.built = seconds, 0.0, 0

    def build_network(self, recipe, policy):
        self.built += 1
        machine = self

        class Network:
            def predict_on_batch(self, images):
                assert images.shape == (recipe.batch_size, recipe.image_size, recipe.image_size, 3)
                machine.now += machine.seconds[policy]

        return Network()


@pytest.fixture
def machine(monkeypatch):
    made = Machine(float32=0.4, mixed_bfloat16=0.2)
    monkeypatch.setattr(devices, "half_format", lambda: BFLOAT16)
    monkeypatch.setattr(precision, "build_network", made.build_network)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: made.now)
    return made


@pytest.mark.parametrize(("half", "expected"), [(0.2, BFLOAT16), (0.39, "float32"), (0.4, "float32"), (2.0, "float32")])
def test_auto_is_the_faster_format_and_float32_where_nothing_is_gained(machine, tmp_path, half, expected):
    machine.seconds[BFLOAT16] = half
    choice = choose_precision(AUTO, tmp_path)
    assert choice == Choice(expected, {"float32": 0.4, BFLOAT16: half})
    assert str(choice).startswith(f"{expected} (a step forward takes float32 400.0 ms, {BFLOAT16} {1000 * half:.1f} ms")


def test_what_was_measured_is_remembered_for_the_same_network_and_size(machine, tmp_path):
    first = choose_precision(AUTO, tmp_path)
    machine.seconds[BFLOAT16] = 9.0
    assert choose_precision(AUTO, tmp_path) == first
    assert machine.built == 2
    assert choose_precision(replace(AUTO, image_size=48), tmp_path).policy == "float32"
    assert choose_precision(AUTO, tmp_path) == first


def test_processes_that_start_together_measure_once(machine, tmp_path):
    """The second one waits for the first, and reads what it found."""
    began, let_go, found = Event(), Event(), []
    build = machine.build_network

    def slow(recipe, policy):
        began.set()
        assert let_go.wait(20)
        return build(recipe, policy)

    precision.build_network = slow  # as the fixture does, which puts it back
    first, second = (Thread(target=lambda: found.append(choose_precision(AUTO, tmp_path))) for _ in range(2))
    first.start()
    assert began.wait(20)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    let_go.set()
    first.join(20)
    second.join(20)
    assert machine.built == 2  # one network in each format
    assert found == [Choice(BFLOAT16, {"float32": 0.4, BFLOAT16: 0.2})] * 2


@pytest.mark.parametrize("spoilt", ["{", "[]", "null", ""])
def test_a_spoilt_cache_is_measured_again(machine, tmp_path, spoilt):
    (tmp_path / "precision.json").write_text(spoilt)
    assert choose_precision(AUTO, tmp_path).policy == BFLOAT16
    assert choose_precision(AUTO, tmp_path).policy == BFLOAT16
    assert machine.built == 2


def test_an_entry_that_is_no_measurement_is_replaced_and_the_others_stay(machine, tmp_path):
    choose_precision(AUTO, tmp_path)
    file = tmp_path / "precision.json"
    key = next(iter(json.loads(file.read_text())))
    other = {"policy": "float32", "seconds": {"float32": 0.1, BFLOAT16: 0.2}}
    file.write_text(json.dumps({key: {"format": 1}, "another machine": other}))
    assert choose_precision(AUTO, tmp_path).policy == BFLOAT16
    assert json.loads(file.read_text())["another machine"] == other


def test_a_format_that_is_named_is_taken_unmeasured(machine, tmp_path):
    assert choose_precision(replace(TINY, precision="mixed_float16"), tmp_path) == Choice("mixed_float16")
    assert machine.built == 0


def test_a_device_without_a_half_format_computes_in_float32(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "half_format", lambda: None)
    assert choose_precision(AUTO, tmp_path) == Choice("float32")
    assert machine.built == 0


def test_the_half_format_is_the_one_that_the_processor_knows(monkeypatch):
    flags = {"flags": "fpu avx512_bf16"}
    monkeypatch.setattr(devices, "gpus", lambda: ())
    monkeypatch.setattr(devices, "_processor_facts", lambda: flags)
    assert devices.half_format() == BFLOAT16
    flags["flags"] = "fpu"
    assert devices.half_format() is None


@pytest.mark.parametrize(("capability", "expected"), [((6, 1), None), ((7, 5), "mixed_float16"), ((9, 0), BFLOAT16)])
def test_the_half_format_of_gpus_is_the_one_that_all_of_them_know(monkeypatch, capability, expected):
    capabilities = {"one": {"compute_capability": (9, 0)}, "other": {"compute_capability": capability}}
    monkeypatch.setattr(devices, "gpus", lambda: tuple(capabilities))
    monkeypatch.setattr(devices.tf.config.experimental, "get_device_details", capabilities.get)
    assert devices.half_format() == expected


def test_a_run_records_its_format_and_is_restored_in_it_whatever_auto_means_by_then(machine, tmp_path, capsys):
    recipe = replace(AUTO, backbone="convnet")
    choose_precision(recipe, tmp_path)  # remembered: this fake device is faster in bfloat16
    run = train(recipe, write_data(tmp_path / "data", images=30), tmp_path / "run", cache=tmp_path)
    assert f"{BFLOAT16} (a step forward takes float32 400.0 ms" in capsys.readouterr().out
    made = run.read_made()
    assert (made["precision"], made["seconds_forward"]) == (BFLOAT16, {"float32": 0.4, BFLOAT16: 0.2})
    assert made["threads"] == devices.THREADS
    assert restore(run).get_layer("convnet").compute_dtype == "bfloat16"
