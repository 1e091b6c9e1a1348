"""Label formats: a module per format, which reads labels and questions and writes answers."""
