"""What the day costs, beside its peers and limits: ``python -m benchmarks``, docs/benchmarks.md."""
