"""Insights that a language model writes from a transcript: grounded in what was said, or out.

``client`` speaks to the endpoint, ``calls`` keeps the limits and the answers, ``writer`` puts all
together; the other modules are pure.
"""
