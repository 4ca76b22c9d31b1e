"""A made-up labour market for Shanxi: employers, postings and people in the contract's shapes, the same for the same seed.

``generate`` makes the shipped sample, ``people`` streams any number of people for benchmarks, ``python -m infra.sample --out DIR``
writes JSON lines. Firms, people, numbers and sentences are invented; counties, occupation codes and majors are public facts.
"""

from infra.sample.generator import SAMPLE_DAY, Sample, generate, write
from infra.sample.population import people

__all__ = ["SAMPLE_DAY", "Sample", "generate", "people", "write"]
