"""Bytes into frames, strictly."""
