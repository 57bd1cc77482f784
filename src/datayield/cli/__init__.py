"""The command line: few verbs; flags choose which study and where, never what."""

import gc
import sys
from typing import Annotated, NoReturn

import typer

from datayield import __version__
from datayield.cli import answer, collect, encoders, init, inspect, pack, pick, show, studies, track
from datayield.cli.missing import missing_library
from datayield.cli.options import err, out
from datayield.cli.terminal import CLOSED, flushed, output_lost
from datayield.run.signals import abortable
from datayield.spec.environment import let_idle_threads_sleep
from datayield.spec.errors import DatayieldError

app = typer.Typer(
    help="What does the next unlabeled image, epoch, view or label buy in pretraining?",
    no_args_is_help=True,
    rich_markup_mode=None,  # brackets in a help text are text
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    init.init,
    studies.demo,
    studies.plan,
    studies.run,
    studies.status,
    studies.report,
    studies.index,
):
    app.command()(verb)
app.command()(answer.answer)
app.command()(track.track)
app.command()(pack.pack)
app.command()(pack.verify)
app.command()(pack.unpack)
app.command()(encoders.export)
app.command()(encoders.embed)
app.command()(pick.pick)
app.command()(inspect.distance)
app.command("ls")(inspect.list_)
app.command()(inspect.doctor)
app.command()(show.show)
app.add_typer(collect.app, name="collect")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit(0)


_READING = ("plan", "status", "report", "answer")  # they end before garbage could fill memory


def main() -> NoReturn:
    """Entry point: errors the user can act on become a message and an exit code."""
    # Records of thousands of runs are millions of objects that live to the end: looking through
    # them again and again for garbage takes a sixth of a large report's time, and a tenth
    # even if it is done rarely.
    gc.set_threshold(200_000, 50, 50)
    if sys.argv[1:2] and sys.argv[1] in _READING:
        gc.disable()
    let_idle_threads_sleep()
    code = flushed(_called())
    gc.freeze()  # nor need the interpreter look through them before it ends: a seventh of `plan`
    sys.exit(code)


def _called() -> int:
    try:
        with abortable():
            app(standalone_mode=True)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(bool(done.code))
    except DatayieldError as error:
        return _told(error)
    except ModuleNotFoundError as error:
        missing = missing_library(error)
        if missing is None:
            raise
        return _told(missing)
    except KeyboardInterrupt:
        err.print("aborted; saved progress is kept", highlight=False)
        return 130
    except BrokenPipeError:
        return CLOSED
    except OSError as error:
        return output_lost(error)
    return 0


def _told(error: DatayieldError) -> int:
    err.print(f"error: {error.text()}", highlight=False, markup=False, soft_wrap=True)
    return error.exit_code
