"""Site visitors and badges: sign-in, photo badges, access events, and erasure that can be proved."""
