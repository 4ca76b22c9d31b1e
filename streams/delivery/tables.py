"""What delivery remembers. Names start with ``delivery_``."""
