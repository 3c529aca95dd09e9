"""Measuring this machine: each figure of the product beside a bare program's, at the same work in the same run."""
