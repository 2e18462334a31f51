"""The pages for people: the same services as the API, shown."""
