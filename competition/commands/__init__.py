"""One file per command: a typed function that the command line, a notebook and a test call alike."""
