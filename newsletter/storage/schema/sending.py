"""How fast each destination takes messages, and what holds for the newsletter as a whole."""

from sqlalchemy import Column, Date, Float, Integer, Table, Text

from newsletter.storage.schema.base import Instant, metadata

# A destination whose server asked to wait: nobody of it is tried before ``until``.
domain = Table(
    "domain",
    metadata,
    Column("name", Text, primary_key=True),
    Column("refusals", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)

# The last slot in time that was given for a message, by destination domain ("": of all together).
pace = Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

# Messages claimed on a day (in UTC) for a group of destinations that is warmed up.
warm_up = Table(
    "warm_up",
    metadata,
    Column("name", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("messages", Integer, nullable=False),
)

# What is so, and since when: that the newsletter is paused, that a scheduler works, that the
# operator was told.
mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("boot", Text, nullable=False),
    Column("seconds", Float, nullable=False),
)
