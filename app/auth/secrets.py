"""Secrets, and the hashes of what must not be stored: passwords, API keys, tokens."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

COST = (2, 19 * 1024, 1)
"""Passes, KiB of memory and lanes of a hash: the OWASP minimum."""

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


async def hash_password(password: str) -> str:
    """The argon2id hash of a password, made off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, PasswordHasher(*COST).hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one hashed, found out off the event loop.

    Without a hash it is not, which takes as long to find out.
    """

    def verify() -> bool:
        try:
            return PasswordHasher().verify(password_hash or _no_hash(), password)
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_threads, verify)


async def derive_token(password: str, salt: bytes) -> str:
    """The token that belongs to a password and a salt: 160 bits in hex, as dear to guess as the password."""

    def derive() -> bytes:
        return hash_secret_raw(password.encode(), salt, *COST, 20, Type.ID)

    return (await asyncio.get_running_loop().run_in_executor(_threads, derive)).hex()


def _no_hash() -> str:
    """What no password fits, at the same cost."""
    passes, kibibytes, lanes = COST
    return f"$argon2id$v=19$m={kibibytes},t={passes},p={lanes}${'A' * 22}${'A' * 43}"


def new_secret() -> str:
    """256 random bits as 43 characters that need no encoding in URLs."""
    return secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """The SHA-256 in hex of a key, token or client secret: long and random, so a fast hash is right."""
    return hashlib.sha256(key.encode()).hexdigest()
