"""How two snapshots are compared: conformed to one shape, keyed, fingerprinted, localised, counted. Facts only, no judgement."""
