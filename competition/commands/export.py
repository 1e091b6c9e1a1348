"""Write the networks of a run in formats that other programs run, with a proof that they answer alike."""

import warnings
from pathlib import Path
from typing import Annotated

import tyro

from competition.commands.arguments import Cache
from competition.errors import InvalidInput, listed
from competition.exporting.formats import Format, refuse_missing
from competition.files import CACHE, refuse_filled, whole_folder
from competition.run import BLEND, RECIPE, Run

EXPORTS = Path("exports")


def export(
    run: Annotated[Path, tyro.conf.arg(metavar="RUN")],
    /,
    *,
    format: tuple[Format, ...] = ("onnx",),
    output: Path | None = None,
    cache: Cache = CACHE,
) -> Path:
    """Write a run's network in formats that other programs run, and prove that it answers alike; return the folder.

    The networks of a cross-validation are all written, and predict.py, beside them, takes their mean. The pictures
    that were held out are answered by each format's own runtime, and the table says what changed; a float format whose
    probabilities differ by more than 0.001 from the same weights in Keras is an error. Raises InvalidInput, and writes
    nothing, for runs that have not finished, blends, and data that are not there any more.

    Args:
        run: the folder of a run or cross-validation.
        format: saved_model for TensorFlow, onnx, litert for phones, litert-int8 for smaller and faster ones; several
            at once. All but saved_model need `make extras EXTRAS=export`.
        output: the folder to write; by default, exports/<run>.
        cache: the folder that remembers checked images.
    """
    names, folder = tuple(dict.fromkeys(format)), Run(run)
    if not names:
        raise InvalidInput("--format names none; allowed are saved_model, onnx, litert and litert-int8, also several")
    refuse_unready(folder)
    output = output or EXPORTS / run.resolve().name
    refuse_filled(output)
    from competition.exporting.evidence import read_data

    dataset = read_data(folder)
    from competition.exporting.readme import table
    from competition.exporting.write import own_format, write_export  # Keras, from here on

    refuse_missing(names)
    with whole_folder(output) as unfinished:
        measured = write_export(unfinished, folder, names, dataset, cache)
    print(f"\n{table(measured, own_format(folder))}\n")
    for proof in (one.proof for one in measured):
        text = f"{proof.format}: predict.py answers {len(proof.unlike):,} of {proof.rows:,} rows other than submit"
        if proof.unlike:
            rows = [f"{image}, {task}: {theirs}, not {ours}" for image, task, ours, theirs in proof.unlike]
            print(listed(f"{text}; {output / 'changed.csv'} lists them:", rows))
        if not proof.is_good:
            warnings.warn(f"{text}, and more than 0.5 % is unusual", stacklevel=2)
    print(f"{output}/ holds the export: README.md says how it is used")
    return output


def refuse_unready(run: Run) -> None:
    """Raise InvalidInput for what cannot be exported: a blend, what is no run, and one that has not finished."""
    if run.file(BLEND).is_file():
        from competition.scoring.blend import read_blend

        members = [str(member.folder) for member in read_blend(run.folder).runs]
        raise InvalidInput(f"{run.folder} is a blend; export its members one by one:", members)
    if not run.file(RECIPE).is_file():
        raise InvalidInput(f"{run.folder} holds no {RECIPE}; name the folder of a run or cross-validation")
    if not run.finished:
        raise InvalidInput(f"{run.folder} has not finished; train it to the end first (`competition list` shows it)")
