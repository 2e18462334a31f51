"""The node: settings, store, log, publishing, indexer, discovery, HTTP API and command line."""
