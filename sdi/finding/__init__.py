"""Finding: from what somebody types to the things that are, or were, called so."""
