"""Hashes of what must not be stored: passwords and API keys."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


async def hash_password(password: str) -> str:
    """The argon2id hash of a password (19 MiB, two passes: the OWASP minimum), made off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password: str, password_hash: str) -> bool:
    """Whether a password is the one hashed, found out off the event loop."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_threads, verify)


def hash_key(key: str) -> str:
    """The SHA-256 of an API key in hex. Keys are long and random, so a fast hash is right."""
    return hashlib.sha256(key.encode()).hexdigest()
