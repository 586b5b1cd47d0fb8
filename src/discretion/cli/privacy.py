"""`discretion privacy`: look at samples of the imported texts, and approve them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli.app import Json, app, desk, now, print_json, remark
from discretion.cli.commands import Commands, see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing.samples import Samples

privacy = typer.Typer(
    cls=Commands,
    help="Check imported texts for personal data.",
    epilog=see("discretion privacy samples", "importing"),
    no_args_is_help=True,
)
app.add_typer(privacy, name="privacy")


@privacy.command(epilog=see("discretion privacy samples", "importing"))
def samples(as_json: Json = False) -> None:
    """Show samples of the imported texts, and whether they are approved.

    Passages with marks show what was masked. The others show what may be personal and was left.
    """
    from discretion.importing import approval
    from discretion.importing.samples import samples as samples_of

    store = desk().store
    found = samples_of(approval.texts_of(store))
    approved = not approval.needed(store)
    if as_json:
        print_json({**found.json, "approved": approved})
        return
    show(found, print)
    print("approved" if approved else NOT_YET)


@privacy.command(epilog=see("discretion privacy approve --by privacy-officer", "importing"))
def approve(
    by: Annotated[
        str, typer.Option("--by", metavar="ROLE", help="Who looked at them; stays in the log.")
    ] = "",
) -> None:
    """Record that the imported texts were checked and may be shared.

    Look at `discretion privacy samples` first. Texts that are imported later ask again.
    """
    from discretion.importing import approval

    store = desk().store
    if not any(True for _ in approval.texts_of(store)):
        raise DiscretionError(
            "there are no imported texts to approve", fix="import some with: discretion import"
        )
    fresh = approval.approve(store, time=now(), by=by)
    remark("approved" if fresh else "these texts were approved before")


NOT_YET = "not approved yet: check these samples, then run: discretion privacy approve"


def show(found: Samples, write: Callable[[str], None]) -> None:
    """The samples, line by line."""
    if found.masked:
        write("masked:")
        for passage in found.masked:
            write(f"  {passage}")
    else:
        write("nothing in the texts was recognized as personal, so nothing was masked")
    if found.left:
        write("may be personal, and is not masked:")
        for passage in found.left:
            write(f"  {passage}")
