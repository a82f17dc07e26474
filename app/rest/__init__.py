"""The REST shim: the paths of older APIs, each a stored GraphQL document over the one schema."""
