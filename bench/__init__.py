"""Figures as ratios: what a thing costs beside the least that the same thing could cost, measured in the same run."""
