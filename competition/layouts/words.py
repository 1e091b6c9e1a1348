"""Words that often stand for a missing value, in small letters."""

# Those that may also be a class of their own, as in beard: none, full.
ALSO_CLASSES = ("none", "nil", "unknown", "unk", "missing", "undefined", "unspecified", "-", "--", "na")
MISSING = (
    *("nan", "na", "n/a", "n.a.", "<na>", "#n/a", "none", "null", "nil", "-", "--", "?", "unknown", "unk", "missing"),
    *("undefined", "not available", "unspecified", "nat"),
    *("#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!"),  # errors of a spreadsheet
)
