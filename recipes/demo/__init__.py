"""What `scripts/demo` made, as the README shows it."""
