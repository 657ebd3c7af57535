"""What comes back by mail, understood: bytes in, a ``Return`` out."""

from newsletter.returns.ours import Ours
from newsletter.returns.understand import understand

__all__ = ["Ours", "understand"]
