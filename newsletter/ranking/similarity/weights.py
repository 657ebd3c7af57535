"""How features weigh in the probability of a restatement. Written by
`python -m benchmarks.fit_similarity`; do not edit.

Logistic regression on the training topics of ArgKP (arguments; CDLA-Sharing 1.0)
and Perspectrum (shortlists; CC BY-SA 4.0), each counting the same, at a base rate of
5% of a shortlist being restatements. What age weighs beside the rest
is fitted on news of 2016 to 2018 (Wikipedia's current events; CC BY-SA 4.0), what
differing numbers weigh is set by hand. docs/similarity.md tells what each feature
is, and what it is worth.
"""

WEIGHTS = {
    "parts": 9.057,
    "evidence": 0.788,
    "cover": 1.223,
    "numbers": -0.7,
    "age": -0.5,
}
INTERCEPT = -7.273
