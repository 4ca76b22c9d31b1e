"""What hiring remembers. Names start with ``hiring_``."""
