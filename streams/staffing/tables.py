"""What staffing remembers. Names start with ``staffing_``."""
