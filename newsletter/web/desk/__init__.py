"""The operator's desk: pages behind a login. ``frame`` is what all of them stand in."""
