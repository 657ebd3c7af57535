"""The store. Only this package imports SQLAlchemy.

``Store`` opens the database and gives connections; the other modules are functions on a
connection: ``archive`` (files, briefs, insights), ``subscribers``, ``issues`` (what was composed),
``ledger`` (one row per subscriber and date) and ``overview`` (what ``status`` tells).
"""

from sqlalchemy import Connection

from newsletter.storage.database import Store

__all__ = ["Connection", "Store"]
