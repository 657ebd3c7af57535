"""The API under ``/api/v1``: a table of endpoints, what answers them, and their document."""
