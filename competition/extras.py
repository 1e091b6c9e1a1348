"""Libraries that only some commands need, and that are therefore installed only when asked for."""

import importlib

from competition.errors import InvalidInput


def require(extra: str, *modules: str) -> None:
    """Raise InvalidInput where a module of an extra (pyproject.toml lists them) is not installed.

    `make extras` installs all of them; the message gives the line for this one.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise InvalidInput(
                f"this needs {error.name}, which is not installed; to install it: make extras EXTRAS={extra}"
            ) from None
