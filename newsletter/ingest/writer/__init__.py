"""Insights that a language model writes from a transcript: grounded in what was said, or out.

``chunks``, ``prompt``, ``answers``, ``numbers`` and ``grounding`` are pure; ``client`` speaks to the
endpoint, ``calls`` keeps the limits and the answers, ``writer`` puts them together.
"""
