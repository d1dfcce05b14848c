"""Any number of crystals through a model, into parquet files."""
