"""What the day costs, beside what it could cost: ``python -m benchmarks``; see docs/benchmarks.md."""
