"""click's own words in French: its usage, its help and what it says of a mistake.

click looks for them under ``_`` and ``ngettext`` in its modules, which are the standard library's and
go by the environment; the portal speaks one language whatever the environment says.
"""

from __future__ import annotations

from click import core, decorators, exceptions, formatting, parser, termui, types

from app.wording.i18n import N_, gettext

#: What a person can meet at this command line; the rest stays as click says it.
WORDS = (
    N_("Aborted!"),
    N_("Choose from:\n\t{choices}"),
    N_("Commands"),
    N_("Did you mean {possibility}?"),
    N_("(Did you mean one of: {possibilities}?)"),
    N_("Error: {message}"),
    N_("Error: invalid input"),
    N_("Got unexpected extra argument ({args})"),
    N_("Got unexpected extra arguments ({args})"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Invalid value: {message}"),
    N_("Missing argument"),
    N_("Missing command."),
    N_("Missing option"),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("Option {name!r} requires an argument."),
    N_("Options"),
    N_("Show this message and exit."),
    N_("Try '{command} {option}' for help."),
    N_("Usage:"),
    N_("default: {default}"),
    N_("required"),
    N_("{name} {filename!r} does not exist."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value!r} is not one of {choices}."),
    N_("{value} is not in the range {range}."),
)


def speak_as_the_portal() -> None:
    """Let click say its words in the language of the moment."""
    for module in (core, decorators, exceptions, formatting, parser, termui, types):
        vars(module).update(_=gettext, ngettext=_one_or_many)


def _one_or_many(singular: str, plural: str, n: int) -> str:
    return gettext(singular if n == 1 else plural)
