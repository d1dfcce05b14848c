"""From data to a model that predicts, in one call with a live curve: `dd.train`."""
