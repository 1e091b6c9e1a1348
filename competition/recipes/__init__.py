"""The recipes that come with the project."""
