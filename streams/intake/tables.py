"""What intake remembers. Names start with ``intake_``."""
