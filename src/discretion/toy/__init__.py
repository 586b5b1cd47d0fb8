"""Cases and judges with known truth: for the demo, the examples, the tests and power."""
