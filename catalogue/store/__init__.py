"""The node's memory in a relational database: tables, connections, migrations. No HTTP, no proofs."""
