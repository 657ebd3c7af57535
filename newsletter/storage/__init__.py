"""The store. Only this package imports SQLAlchemy.

``Store`` opens the database and gives connections; the other modules are functions on a
connection: ``archive`` (files, briefs, insights), ``subscribers``, ``issues`` (what was composed),
``ledger`` (a row for each subscriber and date), ``send_queue`` and ``settlements`` (what is sent,
and what became of it), ``reports`` (what ``status`` shows). ``schema`` has the tables.
"""

from sqlalchemy import Connection

from newsletter.storage.database import Store

__all__ = ["Connection", "Store"]
