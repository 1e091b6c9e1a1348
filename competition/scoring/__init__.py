"""How good probabilities are: the official rule of FashionAI, and plain metrics."""
