"""One question, one answer: which earlier insights does a new one restate, how surely, and why.

``Index`` holds the earlier ones, ``compare`` gives the nearest of each new one with the
probability of a restatement, ``shared`` the words that speak for it. Novelty, diversity, twins
and related insights are all built on these.
"""

from newsletter.ranking.similarity.index import Index
from newsletter.ranking.similarity.probability import Pairs, compare, shared
from newsletter.ranking.similarity.search import search
from newsletter.ranking.similarity.terms import terms

__all__ = ["Index", "Pairs", "compare", "search", "shared", "terms"]
