"""Many tasks on one machine or on a cluster, and runs that share a folder."""
