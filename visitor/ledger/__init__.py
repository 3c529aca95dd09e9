"""The ledger: a Merkle log over salted commitments that shows any change and still lets expired entries be erased."""
