"""What is true: values and pure functions. No files, clock, environment, randomness or third-party code."""
