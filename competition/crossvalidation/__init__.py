"""Cross-validation: its folder, its trainings in processes of their own, and what they gave together."""
