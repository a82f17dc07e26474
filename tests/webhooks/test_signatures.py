"""Signatures, verified by the libraries that receivers use (Standard Webhooks)."""

import base64
import datetime as dt

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.db.engine import Database
from app.db.models import WebhookSubscription, now
from app.errors import BadUserInput, Unavailable
from app.settings import Environment, Settings
from app.vocabulary import AttemptStatus, SignatureKind, WebhookEvent
from app.webhooks.delivery import NO_KEY
from app.webhooks.keys import Key, Vault, signed_headers
from app.webhooks.subscriptions import MOST_OVERLAP, Subscriptions
from tests.node import node
from tests.webhooks.conftest import (
    SETTINGS,
    SetClock,
    attempts,
    delivery_of,
    hook,
    make_admin,
    make_all,
    make_users,
    until,
    working,
)
from tests.webhooks.receivers import Receiver

SUBSCRIPTIONS = Subscriptions(SETTINGS)
BODY = '{"EventType":"user.created","Data":{"Realname":"Zoë"}}'


def verifies(told: str, headers: dict[str, str], body: str) -> bool:
    """Whether somebody who was told this takes a delivery for ours."""
    if told.startswith("whpk_"):
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told.removeprefix("whpk_")))
        for signature in headers["webhook-signature"].split(" "):
            version, _, text = signature.partition(",")
            try:
                if version == "v1a":
                    key.verify(base64.b64decode(text), content)
                    return True
            except InvalidSignature:
                pass
        return False
    try:
        Webhook(told).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("kind", SignatureKind)
def test_what_is_signed_verifies_and_nothing_else_does(kind: SignatureKind) -> None:
    key = Key.new(kind)
    headers = signed_headers("msg_1", now(), BODY, [key])
    assert verifies(key.told, headers, BODY)
    assert not verifies(key.told, headers, BODY + " ")
    assert not verifies(key.told, headers | {"webhook-id": "msg_2"}, BODY)
    assert not verifies(Key.new(kind).told, headers, BODY)


def test_receivers_in_javascript_verify_too() -> None:
    """With the key before a rotation and the one after it, while both sign."""
    new, old, other = (Key.new(SignatureKind.HMAC) for _ in range(3))
    headers = signed_headers("msg_1", now(), BODY, [new, Key.new(SignatureKind.ED25519), old])
    secrets = [key.told for key in (new, old, other)]
    given = orjson.dumps({"secrets": secrets, "headers": headers, "body": BODY}).decode()
    said = node("webhook.js", given)
    assert said.splitlines() == ["verified", "verified", "No matching signature found"]


@pytest.mark.parametrize("first", SignatureKind)
@pytest.mark.parametrize("second", SignatureKind)
async def test_before_during_and_after_a_rotation(
    database: Database, receiver: Receiver, first: SignatureKind, second: SignatureKind
) -> None:
    clock = SetClock()
    async with database.session() as session:
        owner = await make_admin(session)
        subscription, old = await SUBSCRIPTIONS.subscribe(
            session, owner.id, WebhookEvent.USER_CREATED, receiver.url(), signature=first
        )
        id_ = subscription.id

    async def verified_by(name: str, *told: str) -> list[bool]:
        await make_users(database, name)
        clock.moment = max(clock.moment, now())
        number = len(receiver.deliveries)
        await make_all(delivery_of(database, clock=clock), id_)
        (received,) = receiver.deliveries[number:]
        return [verifies(it, received.headers, received.body.decode()) for it in told]

    assert await verified_by("before", old) == [True]
    async with database.session() as session:
        stored = await session.get_one(WebhookSubscription, id_)
        new = SUBSCRIPTIONS.rotate_key(stored, dt.timedelta(minutes=4), second)
    assert await verified_by("during", old, new) == [True, True]
    clock.moment = now() + dt.timedelta(minutes=4, seconds=5)
    assert await verified_by("after", old, new) == [False, True]


def test_keys_are_sealed_and_the_seals_can_be_exchanged() -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    key = Key.new(SignatureKind.HMAC)
    sealed = Vault(Settings.model_validate({"webhook_keys": old})).seal(key)
    assert base64.b64encode(key.material).decode() not in sealed
    for keys, opened in ((f"{new}, {old}", key), (old, key), (new, None), (None, None)):
        vault = Vault(Settings.model_validate({"webhook_keys": keys}))
        assert vault.open(SignatureKind.HMAC, sealed) == opened


def test_production_keeps_no_key_without_one_of_its_own() -> None:
    with pytest.raises(Unavailable, match="LYCEUM_WEBHOOK_KEYS is not set"):
        Vault(Settings(environment=Environment.PRODUCTION)).seal(Key.new(SignatureKind.HMAC))
    with pytest.raises(ValidationError, match="Fernet key must be 32"):
        Settings.model_validate({"webhook_keys": "short"})
    assert "secret-" not in repr(Settings.model_validate({"webhook_keys": Fernet.generate_key().decode()}))


def test_overlaps_have_a_limit() -> None:
    subscription = WebhookSubscription(
        owner_id=1, event_type=WebhookEvent.USER_CREATED, target="https://a.org", sealed_key=""
    )
    for overlap in (dt.timedelta(seconds=-1), MOST_OVERLAP + dt.timedelta(seconds=1)):
        with pytest.raises(BadUserInput):
            SUBSCRIPTIONS.rotate_key(subscription, overlap)
    SUBSCRIPTIONS.rotate_key(subscription, MOST_OVERLAP)
    SUBSCRIPTIONS.rotate_key(subscription, dt.timedelta())


async def test_nothing_is_sent_that_cannot_be_signed(database: Database, receiver: Receiver) -> None:
    settings = SETTINGS.model_copy(update={"webhook_retries": False})
    await hook(database, receiver.url())
    other = Settings.model_validate(settings.model_dump() | {"webhook_keys": Fernet.generate_key().decode()})
    async with working(database, other):
        await make_users(database, "ann")

        async def failed() -> bool:
            return [it.status for it in await attempts(database)] == [AttemptStatus.FAILED]

        await until(failed)
    (attempt,) = await attempts(database)
    assert (attempt.message, attempt.sent_at, receiver.connections) == (NO_KEY, None, 0)
