"""How features weigh in the probability of a restatement. Written by
`python -m benchmarks.fit_similarity`; do not edit.

Logistic regression on the training topics of ArgKP (arguments; CDLA-Sharing 1.0)
and Perspectrum (shortlists; CC BY-SA 4.0), each counting the same, at a base rate of
5% of a shortlist being restatements. How differing numbers weigh is
set by hand. docs/similarity.md tells what each feature is and what it is worth.
"""

WEIGHTS = {
    "parts": 8.883,
    "evidence": 0.825,
    "cover": 1.226,
    "numbers": -0.7,
    "age": -0.35,
}
INTERCEPT = -7.343
