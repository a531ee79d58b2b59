"""The benchmark harness: what it measures is measured of equals, and what it says of it is so."""
