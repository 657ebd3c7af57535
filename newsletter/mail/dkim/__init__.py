"""DKIM (RFC 6376): ``keys``, ``signing``, the ``dns_record`` and, by dkimpy, ``verification``."""
