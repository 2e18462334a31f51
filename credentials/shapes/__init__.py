"""SHACL shapes: prepared once when an operator adds them, then held against each credential."""
