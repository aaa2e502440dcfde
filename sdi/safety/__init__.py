"""Safety: what is recorded is proved, kept twice, and brought back as it was at any moment."""
