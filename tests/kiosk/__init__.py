"""The reception device's web app."""
