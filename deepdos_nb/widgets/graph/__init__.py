"""The crystal graph."""
