"""How evidence weighs in the score of interest. Written by
`python -m benchmarks.fit_interest`; do not edit.

Logistic regression on phrases and their texts from ArgKP (CDLA-Sharing 1.0),
Perspectrum and Wikipedia's current events (CC BY-SA 4.0) and the samples, each
counting the same, at a base rate of 10%. Decision 29 tells what it is worth on sets
that were left out.
"""

WEIGHTS = {
    "near": 2.24,
    "closest": 2.56,
    "meaning": 3.79,
    "feedback": 12.03,
    "intercept": -4.45,
}
WITH_ENCODER = {
    "near": 0.44,
    "closest": 1.38,
    "meaning": 9.64,
    "feedback": 6.12,
    "intercept": -4.77,
}
