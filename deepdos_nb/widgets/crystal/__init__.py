"""The crystal in 3-D."""
