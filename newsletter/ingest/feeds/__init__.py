"""Podcast feeds: polled politely, read into episodes, and their briefs put into the store.

``parse``, ``podcast_tags``, ``opml``, ``poll_rules`` and ``addresses`` are pure; ``fetch`` is the
only one that opens a connection, ``poll`` reads one feed, and ``scan`` all that are due.
"""
