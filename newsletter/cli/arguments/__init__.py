"""The arguments of the commands, by subject. No import is heavy: ``--help`` answers at once."""
