"""Tables that commands print, read as a person reads them: by their headings."""

import re


def cells_under(head: str, line: str) -> dict[str, list[str]]:
    """For each heading of a table the cells of a line below it, and those with no heading above them under "".

    Headings and cells may hold single spaces; two or more separate them. A heading that stands twice has two cells.
    """
    headings = {found.span(): found[0] for found in re.finditer(r"\S+(?: \S+)*", head)}
    cells = {heading: [] for heading in [*headings.values(), ""]}
    for found in re.finditer(r"\S+(?: \S+)*", line):
        above = [text for (start, end), text in headings.items() if start < found.end() and found.start() < end]
        for heading in above or [""]:
            cells[heading].append(found[0])
    return cells
