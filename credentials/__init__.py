"""Bytes in, verdict out: envelopes, proofs, keys, DIDs, policies; and signing.

Nothing here touches the network, the clock or randomness except through a constructor argument.
"""
