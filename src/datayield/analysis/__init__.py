"""From finished records to points, fits, gains, regimes and answers."""
