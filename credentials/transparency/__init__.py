"""A node's log as a C2SP tiled transparency log, and how a follower judges somebody else's.

Bytes in, values or typed refusals out: nothing here reads a network, a store or a clock.
"""
