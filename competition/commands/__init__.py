"""One file a verb: a typed function that the command line, a notebook and a test call alike."""
