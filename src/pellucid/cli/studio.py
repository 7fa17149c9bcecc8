"""`pellucid studio`: the page to look inside, opened in the browser."""

from __future__ import annotations

import sys

import click

from pellucid.cli.page import CommandPage


@click.command(cls=CommandPage)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Where to listen; 0 is any that is free. Default: 8127, if free.",
)
@click.option("--no-browser", is_flag=True, help="Print the link and do not open it.")
@click.option("--model", metavar="NAME|FILE", help="The network to begin with. Default: the best shipped one.")
@click.option(
    "--data", metavar="PATH", help="Your own pictures, to learn from in the studio: what `train --data` takes."
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; by default this machine's own.",
)
def studio(port: int | None, no_browser: bool, model: str | None, data: str | None, host: str) -> int:
    """Open the studio: look inside the network, turn any knob, watch it learn.

    Serves a page on this machine and opens it in the browser. No request leaves the machine. Ctrl-C ends it.
    """
    from pellucid.cli.compiling import announced
    from pellucid.models import DEFAULT
    from pellucid.studio.request_guard import is_loopback
    from pellucid.studio.serving import serve

    if not is_loopback(host):
        print(
            f"warning: whoever reaches {host} over the network and sees the link can use the studio, and read what is "
            "sent: it is not encrypted.",
            file=sys.stderr,
        )

    def opened(link: str) -> None:
        print(f"The studio is open: {link}\nCtrl-C ends it.", flush=True)
        if not no_browser:
            _browse(link)

    with announced():
        serve(model or DEFAULT, data=data, host=host, port=port, opened=opened)
    print("The studio is closed.", flush=True)
    return 0


def _browse(link: str) -> None:
    """Open the link in the browser, where there is one."""
    import threading
    import webbrowser

    # Some browsers are waited for by those who start them.
    threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
