WEIGHTS = {
    "near": 1.76,
    "closest": 2.67,
    "meaning": 3.89,
    "feedback": 11.45,
}
INTERCEPT = -5.15
SAID_FROM = 0.5
