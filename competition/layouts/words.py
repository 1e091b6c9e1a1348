"""Words that often stand for a missing value, in small letters."""

MISSING = (
    *("nan", "na", "n/a", "n.a.", "<na>", "#n/a", "none", "null", "nil", "-", "--", "?", "unknown", "unk", "missing"),
    *("undefined", "not available", "unspecified", "nat"),
)
