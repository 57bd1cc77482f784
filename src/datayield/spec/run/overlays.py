"""The axes of a study whose values are mappings laid over the whole run.

`arm` is laid first, then `run`: a study may vary how it trains (an encoder with its recipe) in one
and what it trains on in the other.
"""

OVERLAYS = ("arm", "run")
