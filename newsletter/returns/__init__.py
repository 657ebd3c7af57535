"""What comes back by mail, understood (``understand.py``): bytes in, a ``Return`` out."""
