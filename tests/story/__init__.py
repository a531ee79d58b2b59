"""A migration of four batches as it is lived through, played with the real command line: `python -m tests.story`, and one test."""
