"""Completion of commands, flags and choices by the Tab key."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Annotated, Literal

import tyro

import competition.commands
from competition.commands.arguments import takes_recipe, with_flags
from competition.errors import InvalidInput
from competition.recipe import Recipe
from competition.recipes import NAMES

# The script asks Python with each Tab, in lines of Tyro's own; these come before the last of them. Without double
# quotes, dollars and backslashes, because one of the shells has them in a string.
pairs_off = tyro.conf.configure(tyro.conf.FlagCreatePairsOff)  # as `__main__` calls them
BEFORE = "\nif __name__ == "
ADDED = """
for verb in {verbs!r}:  # the word behind them is a recipe
    spec = COMPLETION_SPEC['subcommands'][verb]
    spec['subcommands'] = {{name: dict(spec, description='recipe') for name in {recipes!r}}}
for spec in COMPLETION_SPEC['subcommands'].values():
    for option in spec['options']:  # a line is a completion
        option['description'] = ' '.join(option['description'].split())
known = get_completions


def get_completions(*arguments):  # files where nothing else fits
    found = known(*arguments) or ['__TYRO_COMPLETE_FILES__']
    return [{files!r} if one == '__TYRO_COMPLETE_FILES__' else one for one in found]

"""
# Tyro's script for bash joins the words before to the one that is completed, and leaves folders with a space.
BASH = """
_competition() {
  _tyro_competition
  if [[ "${COMPREPLY[0]}" == __files__ ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  fi
}
complete -F _competition competition
"""
FILES = {"bash": "__files__", "zsh": "__TYRO_COMPLETE_FILES__", "fish": "__TYRO_COMPLETE_FILES__"}


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional]) -> None:
    """Print the script that completes commands, flags and their choices in a shell; where there are none, files.

    bash: `source <(competition completion bash)` in ~/.bashrc. zsh: `competition completion zsh > _competition` in a
    folder of $fpath. fish: `competition completion fish > ~/.config/fish/completions/competition.fish`.

    Args:
        shell: The shell that is to complete.
    """
    print(script(shell))


def script(shell: str) -> str:
    """What Tyro writes for all commands, and beyond that: recipes as words of their own, and files where none fits."""
    commands = dict(all_commands())
    with_recipe = [verb for verb, command in commands.items() if takes_recipe(command)]
    for verb, command in commands.items():
        commands[verb] = with_flags(command, Recipe("any")) if verb in with_recipe else pairs_off(command)
    with redirect_stdout(StringIO()) as printed, suppress(SystemExit):
        tyro.extras.subcommand_cli_from_dict(commands, prog="competition", args=["--tyro-print-completion", shell])
    before, marker, after = printed.getvalue().rpartition(BEFORE)
    if not marker:
        raise InvalidInput("this version of Tyro writes another kind of script; install that of requirements.lock")
    added = ADDED.format(verbs=with_recipe, recipes=NAMES, files=FILES[shell])
    return f"{before}{added}{marker}{after}{BASH if shell == 'bash' else ''}"


def all_commands() -> Iterator[tuple[str, Callable]]:
    """The words for the commands, each with its function, which is named as its module."""
    for module in pkgutil.iter_modules(competition.commands.__path__):
        if command := getattr(importlib.import_module(f"competition.commands.{module.name}"), module.name, None):
            yield module.name.replace("_", "-"), command
