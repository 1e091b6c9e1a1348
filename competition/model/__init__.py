"""The network: a backbone by name, one head a task, and what it predicts."""
