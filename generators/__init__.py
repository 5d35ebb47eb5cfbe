"""From a deployment to files: one package for each target system, and the registry of them."""
