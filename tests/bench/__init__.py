"""The figures of design §8, measured on synthetic data and printed beside their bars: ``make bench``."""
