"""The root of every mutation: assembles what the areas offer."""

import strawberry

from schema import accounts, administration, consent, enrolling, oauth, tracking, webhooks
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
    set_consent: consent.SetConsentResult = mutation(
        consent.SetConsentInput,
        consent.set_consent,
        "Let an enterprise customer see what a linked learner does in a course run, or no longer. For the"
        " learner, and for staff.",
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
    create_enterprise_customer: administration.CreateEnterpriseCustomerResult = mutation(
        administration.CreateEnterpriseCustomerInput,
        administration.create_customer,
        "Make an enterprise customer. For staff.",
    )
    update_enterprise_customer: administration.UpdateEnterpriseCustomerResult = mutation(
        administration.UpdateEnterpriseCustomerInput,
        administration.update_customer,
        "Change an enterprise customer. For staff.",
    )
    create_enterprise_catalog: administration.CreateEnterpriseCatalogResult = mutation(
        administration.CreateEnterpriseCatalogInput,
        administration.create_catalog,
        "Make an enterprise catalog. For staff.",
    )
    update_enterprise_catalog: administration.UpdateEnterpriseCatalogResult = mutation(
        administration.UpdateEnterpriseCatalogInput,
        administration.update_catalog,
        "Change an enterprise catalog. For staff.",
    )
    delete_enterprise_catalog: administration.DeleteEnterpriseCatalogResult = mutation(
        administration.DeleteEnterpriseCatalogInput,
        administration.delete_catalog,
        "Delete an enterprise catalog; the courses and programs themselves stay. For staff.",
    )
    add_catalog_items: administration.AddCatalogItemsResult = mutation(
        administration.AddCatalogItemsInput,
        administration.add_items,
        "Add content at the end of an enterprise catalog, all of it or nothing. For staff.",
    )
    remove_catalog_items: administration.RemoveCatalogItemsResult = mutation(
        administration.RemoveCatalogItemsInput,
        administration.remove_items,
        "Remove content from an enterprise catalog; its changes tell of it. For staff.",
    )
    refresh_enterprise_catalog: administration.RefreshEnterpriseCatalogResult = mutation(
        administration.RefreshEnterpriseCatalogInput,
        administration.refresh_catalog,
        "Make an enterprise catalog hold what its query finds now, and nothing else. For staff.",
    )
    link_enterprise_learner: administration.LinkEnterpriseLearnerResult = mutation(
        administration.LinkEnterpriseLearnerInput,
        administration.link_learner,
        "Make a user a learner of an enterprise customer. For staff.",
    )
    unlink_enterprise_learner: administration.UnlinkEnterpriseLearnerResult = mutation(
        administration.UnlinkEnterpriseLearnerInput,
        administration.unlink_learner,
        "End a learner's link to an enterprise customer; enrollments stay. For staff.",
    )
    assign_enterprise_role: administration.AssignEnterpriseRoleResult = mutation(
        administration.AssignEnterpriseRoleInput,
        administration.assign_role,
        "Give a user a role at an enterprise customer. For staff; other staff's roles, and those at all"
        " customers, for superusers.",
    )
    revoke_enterprise_role: administration.RevokeEnterpriseRoleResult = mutation(
        administration.RevokeEnterpriseRoleInput,
        administration.revoke_role,
        "Take a role away from a user. For staff; other staff's roles, and those at all customers, for"
        " superusers.",
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
