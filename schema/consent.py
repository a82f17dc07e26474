"""The mutation of consent to be reported on to an enterprise customer."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from resolvers import catalog, consent, enterprise
from resolvers.context import Context
from schema.catalog import CourseRun
from schema.enterprise import EnterpriseCustomer
from schema.errors import NotFound, ValidationError
from schema.inputs import values_of
from schema.relay import field, to_one


@strawberry.input(description="Who lets whom see what, or no longer.")
class SetConsentInput:
    enterprise_customer: UUID = field("Native id of the enterprise customer.")
    run_key: str = field("Native key of the course run.")
    granted: bool = field("Whether the customer may see what the learner does in the run.")
    username: str | None = field("The learner; the viewer unless given. For staff.", default=UNSET)


@strawberry.type(description="Consent is as the input wants it.")
class ConsentSaved:
    customer_id: strawberry.Private[int]
    run_id: strawberry.Private[int]
    granted: bool = field("Whether the customer may see what the learner does in the run.")
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_id", "The customer.")
    run: CourseRun = to_one(catalog.COURSE_RUN, "run_id", "The course run.")


SetConsentResult = Annotated[
    ConsentSaved | ValidationError | NotFound,
    strawberry.union("SetConsentResult", description="What comes of consenting, or refusing to."),
]


async def set_consent(context: Context, input: SetConsentInput) -> ConsentSaved:
    """Let a customer see what a learner does in a run, or no longer."""
    given = values_of(input)
    saved = await consent.set_consent(
        context,
        given["enterprise_customer"],
        given["run_key"],
        given.get("username"),
        granted=given["granted"],
    )
    return ConsentSaved(customer_id=saved.customer_id, run_id=saved.run_id, granted=input.granted)
