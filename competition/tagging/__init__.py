"""Tagging a catalogue: answers for millions of pictures, on one machine or many, that can be stopped and taken up."""
