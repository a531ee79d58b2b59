"""The one package that seals stores as snapshots and opens them again: manifest, digests, and what is refused before it is attached."""
