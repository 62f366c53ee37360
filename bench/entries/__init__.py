"""One module per entry: `measure()` yields figures."""
