"""What matching remembers. Names start with ``matching_``."""
