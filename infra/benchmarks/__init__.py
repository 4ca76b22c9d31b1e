"""Benchmarks of ``gongqiao bench``: one module each, with a click command named ``command``."""
