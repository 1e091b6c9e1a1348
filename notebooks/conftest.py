"""Notebooks run in their quick mode when they are tested."""

import os

os.environ["QUICK"] = "1"
