"""Convolve: a picture on its way through feature maps, shifted and shuffled."""
