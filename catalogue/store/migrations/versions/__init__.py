"""One module per step, numbered; a landed step is never edited."""
