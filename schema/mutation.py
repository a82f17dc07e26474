"""The root of every mutation: assembles what the areas offer."""

import strawberry

from schema import accounts, enrolling, oauth, tracking, webhooks
from schema.errors import mutation


@strawberry.type(
    description="Everything that can be changed. Each field is a transaction of its own, one after another."
)
class Mutation:
    enroll: enrolling.EnrollResult = mutation(
        enrolling.EnrollInput,
        enrolling.enroll,
        "Enroll a user in a course run. What is so already stays, and is no error.",
    )
    update_enrollment: enrolling.UpdateEnrollmentResult = mutation(
        enrolling.UpdateEnrollmentInput, enrolling.update_enrollment, "Change an enrollment. For staff."
    )
    unenroll: enrolling.UnenrollResult = mutation(
        enrolling.UnenrollInput, enrolling.unenroll, "End an enrollment, which stays on record. For staff."
    )
    update_progress: enrolling.UpdateProgressResult = mutation(
        enrolling.UpdateProgressInput,
        enrolling.update_progress,
        "Record how far a learner got. Webhooks are told when it is further than before. For staff.",
    )
    record_events: tracking.RecordEventsResult = mutation(
        tracking.RecordEventsInput,
        tracking.record_events,
        "Record events of a learning platform; every series follows at once. For staff.",
    )
    create_user: accounts.CreateUserResult = mutation(
        accounts.CreateUserInput, accounts.create_user, "Make an account. For staff."
    )
    update_user: accounts.UpdateUserResult = mutation(
        accounts.UpdateUserInput,
        accounts.update_user,
        "Change an account. Users change their own name and profile; staff the accounts of users who are not"
        " staff; superusers all. Another password, and switching off, revoke all tokens of the user."
        " Who becomes staff or superuser loses what others may know: tokens, the clients that act for him,"
        " and the password unless a new one is given too.",
    )
    create_oauth_client: oauth.CreateOauthClientResult = mutation(
        oauth.CreateOauthClientInput,
        oauth.create_client,
        "Make an OAuth client. For staff; one of other staff for superusers.",
    )
    rotate_oauth_client_secret: oauth.RotateOauthClientSecretResult = mutation(
        oauth.RotateOauthClientSecretInput,
        oauth.rotate_secret,
        "Give an OAuth client another secret; its tokens stay valid. For staff; one of other staff for"
        " superusers.",
    )
    create_access_token: oauth.CreateAccessTokenResult = mutation(
        oauth.CreateAccessTokenInput,
        oauth.create_token,
        "Make an access token with a chosen end. For staff; one of other staff for superusers.",
    )
    revoke_access_token: oauth.RevokeAccessTokenResult = mutation(
        oauth.RevokeAccessTokenInput,
        oauth.revoke_token,
        "Revoke an access token and its refresh token: one's own; staff any.",
    )
    webhook_subscribe: webhooks.WebhookSubscribeResult = mutation(
        webhooks.WebhookSubscribeInput,
        webhooks.subscribe,
        "Have a target told of a type of events, from now on. For staff.",
    )
    webhook_update: webhooks.WebhookUpdateResult = mutation(
        webhooks.WebhookUpdateInput,
        webhooks.update,
        "Change a subscription, or switch it off and on. For its owner and for superusers, as what follows.",
    )
    webhook_unsubscribe: webhooks.WebhookUnsubscribeResult = mutation(
        webhooks.WebhookUnsubscribeInput,
        webhooks.unsubscribe,
        "Remove a subscription with its history; what is pending is not sent.",
    )
    webhook_rotate_secret: webhooks.WebhookRotateSecretResult = mutation(
        webhooks.WebhookRotateSecretInput,
        webhooks.rotate_secret,
        "Give a subscription another key; the old one signs too until the overlap ends.",
    )
    webhook_test: webhooks.WebhookTestResult = mutation(
        webhooks.WebhookTestInput, webhooks.test, "Have the target told of something that did not happen."
    )
    webhook_replay: webhooks.WebhookReplayResult = mutation(
        webhooks.WebhookReplayInput,
        webhooks.replay,
        "Have the target told again what it was told once, with the same `webhook-id`.",
    )
