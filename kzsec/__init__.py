"""Analyst articles in, evidence of a state's security vectors out."""

__version__ = "0.1.0"
