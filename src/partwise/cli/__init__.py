"""The command line: `partwise segment`, `afford`, `doctor` and the others of `Command`."""

from __future__ import annotations

import os
import sys
from inspect import cleandoc
from typing import Annotated, Any

import tyro

from partwise.cli.afford import Afford
from partwise.cli.compare import Compare
from partwise.cli.convert import Convert
from partwise.cli.data import Data
from partwise.cli.doctor import Doctor
from partwise.cli.eval import Eval
from partwise.cli.info import Info
from partwise.cli.lift import Lift
from partwise.cli.segment import Segment
from partwise.cli.sweep import Sweep
from partwise.cli.table import Table
from partwise.cli.textbank import BuildTextBank
from partwise.cli.train import Train
from partwise.cli.zeroshot import ZeroShot
from partwise.errors import InputError, PartwiseError
from partwise.files import DISK


def _subcommand(name: str, command: type) -> Any:
    """How tyro is to show a command: under its own name, with its whole docstring, examples included."""
    return tyro.conf.subcommand(name, prefix_name=False, description=cleandoc(command.__doc__ or ""))


Command = (
    Annotated[Segment, _subcommand("segment", Segment)]
    | Annotated[Afford, _subcommand("afford", Afford)]
    | Annotated[Doctor, _subcommand("doctor", Doctor)]
    | Annotated[Convert, _subcommand("convert", Convert)]
    | Annotated[ZeroShot, _subcommand("zeroshot", ZeroShot)]
    | Annotated[BuildTextBank, _subcommand("textbank", BuildTextBank)]
    | Annotated[Data, _subcommand("data", Data)]
    | Annotated[Lift, _subcommand("lift", Lift)]
    | Annotated[Train, _subcommand("train", Train)]
    | Annotated[Eval, _subcommand("eval", Eval)]
    | Annotated[Compare, _subcommand("compare", Compare)]
    | Annotated[Sweep, _subcommand("sweep", Sweep)]
    | Annotated[Table, _subcommand("table", Table)]
    | Annotated[Info, _subcommand("info", Info)]
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 2 bad input, 3 missing data, 4 refused for safety, 130 interrupted."""
    try:
        try:
            tyro.cli(
                Command,
                prog="partwise",
                description="Say a part or an action, get where it is on a 3D shape.",
                args=arguments,
                config=(tyro.conf.OmitSubcommandPrefixes,),
            ).run()
        finally:
            sys.stdout.flush()  # here, where a reader who left is expected, and not when Python ends
    except PartwiseError as error:
        _complain(f"partwise: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _complain("partwise: interrupted")
        return 130
    except BrokenPipeError:  # the reader of our output left, as `head` does
        _drop_output()
    except OSError as error:
        if error.errno not in DISK:
            raise
        _drop_output()  # it may be what the full disk was to hold
        print(
            f"partwise: cannot write: {os.strerror(error.errno)}; make room, then try again", file=sys.stderr
        )
        return InputError.exit_code
    return 0


def _complain(message: str) -> None:
    """Print a line on stderr; a progress bar that still stands there does not run into it."""
    progress = sys.modules.get("tqdm")
    if progress is None:
        print(message, file=sys.stderr)
    else:
        progress.tqdm.write(message, file=sys.stderr)


def _drop_output() -> None:
    """Let what is still to be flushed when Python ends go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def entry() -> None:
    """The console script."""
    sys.exit(main())
