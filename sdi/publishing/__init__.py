"""Publishing: from what the registry knows to what each audience may see."""
