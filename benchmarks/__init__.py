"""What the catalogue costs, measured so that anybody can repeat it: `python -m benchmarks`."""
