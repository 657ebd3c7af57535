"""How evidence weighs in the score of interest. Written by
`python -m benchmarks.fit_interest`; do not edit.

Logistic regression on phrases and their texts from ArgKP (CDLA-Sharing 1.0), Perspectrum
and Wikipedia's current events (CC BY-SA 4.0) and the samples, each counting the same, at a
base rate of 10%. Decision 29 tells what it is worth on sets that were left out.
"""

WEIGHTS = {
    "near": 2.2,
    "closest": 2.5,
    "meaning": 3.78,
    "feedback": 12.65,
}
INTERCEPT = -4.45
