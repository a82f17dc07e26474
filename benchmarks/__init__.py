"""How fast Lyceum answers, measured on generated data: `python -m benchmarks`."""
