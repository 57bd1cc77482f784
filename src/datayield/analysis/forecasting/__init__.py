"""Forecasts of an error along one axis, from measured sizes alone. Needs NumPy and nothing else."""

from datayield.analysis.forecasting.single_axis import Forecast, forecast

__all__ = ["Forecast", "forecast"]
