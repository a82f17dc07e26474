"""The forms of enterprise customers, catalogs, learners and roles."""

import json
from typing import Any

from wtforms import BooleanField, Field, Form, IntegerField, SelectField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Optional

from app.admin.forms import NEEDED, EditForm, text_field
from app.enterprise.people import EVERYWHERE
from app.enterprise.queries import MEMBERS
from app.vocabulary import ConsentPolicy, EnterpriseRole

_POLICIES = {
    ConsentPolicy.AT_ENROLLMENT: "Learners are asked when they enroll",
    ConsentPolicy.EXTERNALLY_MANAGED: "The customer manages consent elsewhere",
}
_ROLES = {
    EnterpriseRole.ADMIN: "Administrator: reads the catalogs, and what learners do",
    EnterpriseRole.OPERATOR: "Operator of the platform: as an administrator",
    EnterpriseRole.CATALOG_ADMIN: "Catalog administrator: reads the catalogs",
    EnterpriseRole.LEARNER: "Learner: reads the catalogs",
}


class CustomerForm(EditForm):
    """A customer, new or not."""

    name = text_field("Name", "Addresses of its content name it as their source.", needed=True)
    slug = text_field("Slug", "Name in addresses: small letters and digits with hyphens.", needed=True)
    site_id = IntegerField("Site", [Optional()], description="Number of its site on the platform.")
    consent_policy = SelectField(
        "Consent", choices=[(policy.value, label) for policy, label in _POLICIES.items()]
    )
    reports_audit_data = BooleanField(
        "Report audit enrollments", description="Without it the customer is told of paid enrollments only."
    )


class NewCustomerForm(CustomerForm):
    """A new customer."""

    version = None


class CatalogForm(EditForm):
    """What can be changed of a catalog."""

    title = text_field("Title", needed=True)
    publishes_audit_urls = BooleanField(
        "Audit addresses", description="Its enrollment addresses ask for audit mode."
    )
    query_title = text_field("Query title", "Of the filter below; the catalog's title when left empty.")
    content_filter = TextAreaField(
        "Content filter",
        [Optional()],
        description=(
            "Left empty, the catalog is a list that is filled by hand. A JSON object fills it with what is"
            ' published and like this, as {"content_type": "course", "subjects": ["computer-science"]};'
            f" members are {', '.join(MEMBERS)}."
        ),
        render_kw={"rows": 4, "spellcheck": "false"},
    )

    def validate_content_filter(self, field: Field) -> None:
        """Refuse what is not JSON."""
        try:
            json.loads(field.data)
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"This is not JSON: {error}.") from error


class NewCatalogForm(CatalogForm):
    """A new catalog."""

    customer = SelectField("Customer", [NEEDED])

    version = None
    order = ("customer", "title", "publishes_audit_urls", "query_title", "content_filter")


def lines(text: str) -> list[str]:
    """The lines of a text that are not blank."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class KeysForm(Form):
    """What to add to a catalog."""

    keys = TextAreaField(
        "Add content",
        [DataRequired("This field is needed.")],
        description="Keys of courses and course runs, and UUIDs of programs, one in each line.",
        render_kw={"rows": 3, "spellcheck": "false"},
    )


class LearnerForm(Form):
    """A user to be a learner of a customer."""

    username = text_field("User", "A username.", needed=True)
    customer = SelectField("Customer", [NEEDED])


class RoleForm(Form):
    """A role for a user at a customer."""

    username = text_field("User", "A username.", needed=True)
    role = SelectField("Role", [NEEDED], choices=[(role.value, label) for role, label in _ROLES.items()])
    customer = SelectField("Customer", [NEEDED])


def customer_choices(customers: list[Any], *, everywhere: bool = False) -> list[tuple[str, str]]:
    """What one chooses a customer from; none is chosen at first."""
    each = [(str(customer.id), f"{customer.name} ({customer.slug})") for customer in customers]
    return [("", "Choose one"), *([(EVERYWHERE, "All customers")] if everywhere else []), *each]
