"""A run that answers pictures over HTTP."""
