"""The metric catalogue: which series each exporter emits at its pinned version, and whether expressions rely on others.

One file of `metrics/catalogue/` for each exporter. `make catalogue` records again what can be run.
"""
