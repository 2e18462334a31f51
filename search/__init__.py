"""One query model and one record-to-document mapping over interchangeable engines."""
