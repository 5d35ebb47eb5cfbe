"""How a command ends: 0 fine, 1 the user's mistake, 2 usage, 70 a bug of ours."""

from __future__ import annotations

FINE, MISTAKE, USAGE, BUG = 0, 1, 2, 70


class UserError(Exception):
    """Something that the user can mend; the message says what and how."""
