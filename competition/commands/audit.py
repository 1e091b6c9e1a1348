"""A page about a data set, before anything is trained on it."""

from pathlib import Path

from competition.commands.arguments import Cache, recipe_for
from competition.extras import require
from competition.files import CACHE, try_out


def audit(*, data: Path, recipe: str | None = None, output: Path | None = None, cache: Cache = CACHE) -> Path:
    """Show what a data set holds, in one HTML file: classes, tasks together, sizes, broken and duplicate images, leaks,
    pictures of each class, and what the official rule makes of rare classes. Return the file.

    Images that cannot be read are listed, not skipped in silence. Raises InvalidInput for labels that cannot be read.

    Args:
        data: The labels, as for `train`.
        recipe: The recipe that reads the labels, as `init` wrote it. By default, the labels are looked at as by `init`.
        output: The file to write. By default, audit-<name of the data>.html in the current folder.
        cache: The folder that remembers checked images and hashes.
    """
    require("report", "jinja2")
    from competition.data.audit import audit_data
    from competition.pages.audit import write_audit

    chosen, data = recipe_for(data, recipe)
    whole = data.absolute()
    output = output or Path(f"audit-{whole.name if whole.is_dir() else whole.stem}.html")
    try_out(output)
    found = audit_data(chosen, data, cache)
    write_audit(output, found, chosen, data)
    print(f"{output} shows {len(found.dataset):,} images: open it in a browser")
    return output
