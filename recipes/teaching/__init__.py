"""What each target teaches the built-in model: the full leave-one-domain-out table."""
