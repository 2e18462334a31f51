"""The node over HTTP: blueprints that read a request, call one service and answer; they decide nothing."""
