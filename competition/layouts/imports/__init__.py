"""Label files of any public format, read once by `init` and made into a strict table."""
