"""The terms of the field, as data with thin loaders. No I/O beyond this package's own files."""
