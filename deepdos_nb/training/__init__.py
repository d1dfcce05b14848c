"""Learning: drafts first, then networks that read them."""
