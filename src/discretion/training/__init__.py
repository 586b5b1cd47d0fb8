"""Tuning: judgments become training examples, and a model learns from them."""
