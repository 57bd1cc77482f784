"""Numbers in human-readable form."""

from datayield.spec.run import short_number


def duration(seconds: float) -> str:
    """3725 -> '1 h 02 min'."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99 * 60:
        return f"{seconds / 60:.0f} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours < 100 else f"{hours / 24:,.0f} days"


def three_digits(value: float) -> str:
    """999936 -> '1M', 4.5331e15 -> '4.53P'."""
    return short_number(float(f"{value:.3g}"))
