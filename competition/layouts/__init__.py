"""Label formats: a module a format, which reads labels and questions and writes answers."""
