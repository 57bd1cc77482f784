"""Numbers as a person says them."""


def duration(seconds: float) -> str:
    """3725 -> '1 h 02 min'."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99 * 60:
        return f"{seconds / 60:.0f} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours < 100 else f"{hours / 24:,.0f} days"
