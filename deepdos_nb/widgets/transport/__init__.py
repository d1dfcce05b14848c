"""The transport, step by step, and its laboratory."""
