"""Galleries: what is laid over a picture is named after the class that was asked about, whatever the answer is."""

from types import SimpleNamespace

import numpy as np
from helpers import letter_codes
from PIL import Image
from predicted import predicted

from competition.pages import galleries
from competition.scoring.reports import Subject

DATA = "data:image/webp;base64,"


def test_a_layer_of_a_label_that_is_denied_is_named_after_the_label(tmp_path, monkeypatch):
    """The one image shows a, which is denied, and not b, which is denied with reason."""
    predictions = predicted({"wet": [[0.1, 0.2]]}, {"wet": letter_codes("yn")}, kind="multilabel")
    path = tmp_path / "one.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    path_of = dict.fromkeys(predictions.images.tolist(), path)
    dataset = SimpleNamespace(path_of=path_of, ids=predictions.images)
    reported = SimpleNamespace(
        predictions=predictions,
        dataset=dataset,
        subject=Subject(predictions, lambda: path_of),
        recipe=SimpleNamespace(tasks=predictions.tasks),
    )
    monkeypatch.setattr(galleries, "looks", lambda reported, path_of, asked: dict.fromkeys(asked, DATA))
    shown = galleries.galleries(reported, None, [])
    (mistake,), (sample,) = shown["mistakes"], shown["samples"]
    assert mistake.text.endswith("wet: answered not a, labelled a")
    assert [layer.text for layer in mistake.layers] == ["where the network looked for wet: a"]
    assert [layer.text for layer in sample.layers] == ["where the network looked for wet: b"]
