"""A federation on one machine, to look at: eleven nodes that follow one another, the samples at home."""
