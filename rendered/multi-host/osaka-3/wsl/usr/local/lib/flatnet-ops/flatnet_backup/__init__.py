"""Backs up every stateful part of a host with restic, restores them, and proves that it could.

Python 3.12 of Ubuntu 24.04, nothing else. What differs from host to host is data: /etc/flatnet-ops/backup.json.
"""
