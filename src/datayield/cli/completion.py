"""What the shell completes: names of studies that ship, scales of the study that is named."""

import typer

from datayield.spec.errors import DatayieldError


def study_names(incomplete: str) -> list[str]:
    """Studies that ship; where none begins like this, the shell completes names of files."""
    from datayield.spec.study import shipped_studies

    return [path.stem for path in shipped_studies() if path.stem.startswith(incomplete)]


def scale_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Scales of the study before the cursor; nothing where that cannot be read."""
    from datayield.spec.study import find_study
    from datayield.spec.yaml_file import read_mapping

    # An option without its value stops the parser before it gives arguments their names.
    named = ctx.params.get("study") or ctx.params.get("table") or next(iter(ctx.args), "")
    try:
        scales = read_mapping(find_study(named), "study").get("scales")
    except DatayieldError:
        return []
    return [name for name in scales or () if str(name).startswith(incomplete)]
