"""What the template and its projects cost, against what they stand on: `python -m benchmarks`."""
