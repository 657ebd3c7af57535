WEIGHTS = {"words": 1.0, "cosine": 1.0, "near": 1.0, "feedback": 1.0, "meaning": 1.0, "closest": 1.0}
INTERCEPT = -3.0
