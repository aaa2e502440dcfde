"""The command that needs everything there is: build the demonstration city."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pipelines import demo
from pipelines.command import console
from pipelines.command.console import Commands, Options, Parser


def add(commands: Commands[Parser]) -> None:
    """Add ``demo``."""
    made = console.command(commands, "demo", "build a demonstration city and everything derived from it", _run_demo)
    made.add_argument(
        "--data", type=Path, help="folder of delivered data: builds a real city instead of the synthetic one"
    )
    made.add_argument("--city", help="city of the catalogue (default: synthetic, with --data cantho)")
    made.add_argument("--seed", type=int, default=92, help="seed of the synthetic city (default: %(default)s)")
    made.add_argument("--scale", type=float, default=1.0, help="size of the synthetic city (default: %(default)s)")
    made.add_argument("--replace", action="store_true", help="build it anew where it exists")


def _run_demo(options: Options) -> int:
    """Build a demonstration city."""
    name = options.city or (demo.SYNTHETIC if options.data is None else "cantho")
    with console.progress(options) as progress:
        workspace = demo.run(
            options.workspace,
            name=name,
            data=options.data,
            seed=options.seed,
            scale=options.scale,
            replace=options.replace,
            progress=progress,
        )
    with closing(workspace.registry()) as registry:
        facts = {
            "workspace": str(options.workspace),
            "city": name,
            "transactions": registry.last_tx,
            "root_hash": registry.root_hash,
        }
    return console.answer(
        options, facts,
        f"{workspace.title.vi} / {workspace.title.en} is built in {options.workspace}; "
        f"serve it with `phusa serve --workspace {options.workspace}`",
    )  # fmt: skip
