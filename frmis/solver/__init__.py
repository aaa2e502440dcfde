"""Kernels that move water over a grid, and the reference they are held against."""
