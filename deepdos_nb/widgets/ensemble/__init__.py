"""Seeds, their spread and its calibration."""
