"""Keys that deliveries are signed with, sealed as they are stored (Standard Webhooks, "Signature scheme").

To sign, a key has to be had in clear, so it cannot be hashed like a password: it
is encrypted (Fernet: AES-128-CBC and HMAC-SHA256) with `LYCEUM_WEBHOOK_KEYS`, of
which the first encrypts and all decrypt, so that they can be exchanged.
"""

import base64
import datetime as dt
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.errors import Unavailable
from app.settings import Settings
from app.vocabulary import SignatureKind

_BYTES = 32
_DEVELOPMENT = base64.urlsafe_b64encode(sha256(b"lyceum: a key that everybody knows").digest())


@dataclass(frozen=True)
class Key:
    """A key to sign with: 32 random bytes, of Ed25519 the private key."""

    kind: SignatureKind
    material: bytes

    @classmethod
    def new(cls, kind: SignatureKind) -> "Key":
        """A new random key."""
        return cls(kind, secrets.token_bytes(_BYTES))

    @property
    def told(self) -> str:
        """What receivers verify with: the shared secret, or of Ed25519 the public key."""
        if self.kind == SignatureKind.HMAC:
            return f"whsec_{_base64(self.material)}"
        return f"whpk_{_base64(self._private().public_key().public_bytes_raw())}"

    def sign(self, content: bytes) -> str:
        """The signature of some content, with its version in front."""
        if self.kind == SignatureKind.HMAC:
            return f"v1,{_base64(hmac.digest(self.material, content, sha256))}"
        return f"v1a,{_base64(self._private().sign(content))}"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.material)


class Vault:
    """Seals keys and opens them."""

    def __init__(self, settings: Settings) -> None:
        names = settings.webhook_keys.get_secret_value().split(",") if settings.webhook_keys else []
        if not names and not settings.in_production:
            names = [_DEVELOPMENT.decode()]
        self._fernet = MultiFernet([Fernet(name.strip()) for name in names]) if names else None

    def seal(self, key: Key) -> str:
        """A key as it is stored. Raises `Unavailable` on a production server with nothing to seal with."""
        if self._fernet is None:
            raise Unavailable("No key can be kept: LYCEUM_WEBHOOK_KEYS is not set")
        return self._fernet.encrypt(key.material).decode()

    def open(self, kind: SignatureKind, sealed: str) -> Key | None:
        """A key as it is used; None when it was sealed with something that is not in the settings."""
        if self._fernet is None:
            return None
        try:
            return Key(kind, self._fernet.decrypt(sealed))
        except InvalidToken:
            return None


def signed_headers(webhook_id: str, moment: dt.datetime, body: str, keys: Sequence[Key]) -> dict[str, str]:
    """The headers that say what a delivery is, when it was sent, and that it is ours."""
    timestamp = str(int(moment.timestamp()))
    content = f"{webhook_id}.{timestamp}.{body}".encode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(key.sign(content) for key in keys),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
