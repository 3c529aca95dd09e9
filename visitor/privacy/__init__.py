"""Privacy: retention, holds, erasure, requests, disclosures and the processing register."""
