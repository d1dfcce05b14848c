"""The transport scheme without a network, to be taken apart."""
