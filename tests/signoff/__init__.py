"""What is signed: attestations, sign-offs, the roster, and every attack on them."""
