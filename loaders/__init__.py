"""Batches by key: one SQL statement for many keys. Does not know who asks."""

from loaders.factory import Loaders

__all__ = ["Loaders"]
