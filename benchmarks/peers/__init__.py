"""How fast Lyceum answers beside its peers, in one run: `python -m benchmarks.peers`."""
