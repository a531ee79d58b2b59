"""Mutation testing: what decides an outcome is broken in one small way after the other, and a test must notice each."""
