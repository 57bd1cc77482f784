"""The reference of the command line, from its own help: nothing of it is written twice."""

from typer.testing import CliRunner

INTRO = """# Command line

This page is the output of `datayield --help` and of the help of each command. Exit codes:
0 success; 1 a run failed, `verify` found a difference, or `collect` kept no image; 2 invalid
configuration; 3 incomplete; 130 stopped by Ctrl-C; 141 the reader of a pipe is gone.

`datayield --install-completion` completes commands, options, studies that ship and their scales in
bash, zsh, fish and PowerShell; `--show-completion` prints the script.

`DATAYIELD_DATA` is the folder of datasets, `DATAYIELD_CACHE` holds decoded images, the
timings of this machine and compiled losses, `DATAYIELD_STORE` holds runs and reports.
`DATAYIELD_COMPILE=1` compiles the losses of runs.
"""


def command_line_page() -> str:
    """Markdown: a section per command, as its help prints it."""
    from datayield.cli import app

    names = [str(c.name or c.callback.__name__) for c in app.registered_commands if c.callback]
    sections = [INTRO, _help([])]
    for name in names:
        sections += [f"\n## datayield {name}\n", _help([name])]
    for group in app.registered_groups:
        sections += [f"\n## datayield {group.name}\n", _help([str(group.name)])]
        for command in group.typer_instance.registered_commands if group.typer_instance else ():
            verb = [str(group.name), command.callback.__name__ if command.callback else ""]
            sections += [f"\n## datayield {' '.join(verb)}\n", _help(verb)]
    return "\n".join(sections)


def _help(command: list[str]) -> str:
    from datayield.cli import app

    wide = {"COLUMNS": "96", "TERM": "dumb", "NO_COLOR": "1"}
    result = CliRunner(env=wide).invoke(app, [*command, "--help"], prog_name="datayield")
    if result.exit_code:
        raise RuntimeError(f"datayield {' '.join(command)} --help failed: {result.output}")
    lines = [line.rstrip() for line in result.output.strip("\n").splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"
