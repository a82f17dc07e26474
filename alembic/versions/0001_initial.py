"""Everything the first release holds."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, Json, text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    calendar = op.create_table(
        "calendar",
        sa.Column("date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_calendar")),
    )
    days = (dt.date(2100, 1, 1) - dt.date(2000, 1, 1)).days
    op.bulk_insert(calendar, [{"date": dt.date(2000, 1, 1) + dt.timedelta(n)} for n in range(days)])
    op.create_table(
        "catalog_query",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("title", text(255), nullable=False),
        sa.Column("content_filter", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_query")),
        sa.UniqueConstraint("uuid", name=op.f("uq_catalog_query_uuid")),
    )
    op.create_table(
        "course",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("key", text(255), nullable=False),
        sa.Column("title", text(255), nullable=True),
        sa.Column("short_description", text(), nullable=True),
        sa.Column("full_description", text(), nullable=True),
        sa.Column("outcome", text(), nullable=True),
        sa.Column("syllabus", text(), nullable=True),
        sa.Column("prerequisites_text", text(), nullable=True),
        sa.Column("prerequisites", Json, nullable=False),
        sa.Column("expected_learning_items", Json, nullable=False),
        sa.Column("level_type", text(255), nullable=True),
        sa.Column("image_url", text(), nullable=True),
        sa.Column("image_description", text(), nullable=True),
        sa.Column("image_width", sa.Integer(), nullable=True),
        sa.Column("image_height", sa.Integer(), nullable=True),
        sa.Column("original_image_url", text(), nullable=True),
        sa.Column("video_url", text(), nullable=True),
        sa.Column("video_description", text(), nullable=True),
        sa.Column("video_image_url", text(), nullable=True),
        sa.Column("marketing_slug", text(255), nullable=True),
        sa.Column("partner", text(8), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("key", name=op.f("uq_course_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_course_uuid")),
    )
    op.create_table(
        "enterprise_customer",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("slug", text(255), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("consent_policy", text(30), nullable=False),
        sa.Column("reports_audit_data", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_customer")),
        sa.UniqueConstraint("slug", name=op.f("uq_enterprise_customer_slug")),
        sa.UniqueConstraint("uuid", name=op.f("uq_enterprise_customer_uuid")),
    )
    op.create_table(
        "organization",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("key", text(255), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("description", text(), nullable=True),
        sa.Column("homepage_url", text(), nullable=True),
        sa.Column("marketing_url", text(), nullable=True),
        sa.Column("logo_image_url", text(), nullable=True),
        sa.Column("certificate_logo_image_url", text(), nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("key", name=op.f("uq_organization_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_organization_uuid")),
    )
    op.create_table(
        "program_type",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("slug", text(255), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("coaching_supported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_type")),
        sa.UniqueConstraint("slug", name=op.f("uq_program_type_slug")),
        sa.UniqueConstraint("uuid", name=op.f("uq_program_type_uuid")),
    )
    op.create_table(
        "subject",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("slug", text(255), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("subtitle", text(), nullable=True),
        sa.Column("description", text(), nullable=True),
        sa.Column("banner_image_url", text(), nullable=True),
        sa.Column("card_image_url", text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
        sa.UniqueConstraint("slug", name=op.f("uq_subject_slug")),
        sa.UniqueConstraint("uuid", name=op.f("uq_subject_uuid")),
    )
    op.create_table(
        "user",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("username", text(150), nullable=False),
        sa.Column("email", text(254), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("password_hash", text(255), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), nullable=False),
        sa.Column("date_joined", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gender", text(10), nullable=True),
        sa.Column("year_of_birth", sa.Integer(), nullable=True),
        sa.Column("education_level", text(20), nullable=True),
        sa.Column("country", text(2), nullable=True),
        sa.Column("region", text(255), nullable=True),
        sa.Column("city", text(255), nullable=True),
        sa.Column("language", text(255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("username", name=op.f("uq_user_username")),
    )
    op.create_index(op.f("ix_user_email"), "user", ["email"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("key_hash", text(64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_api_key_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_table(
        "course_organization",
        sa.Column("course_id", BigInt, nullable=False),
        sa.Column("role", text(10), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_organization_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_course_organization_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("course_id", "role", "organization_id", name=op.f("pk_course_organization")),
    )
    op.create_index(
        op.f("ix_course_organization_organization_id"),
        "course_organization",
        ["organization_id"],
        unique=False,
    )
    op.create_table(
        "course_run",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("key", text(255), nullable=False),
        sa.Column("course_id", BigInt, nullable=False),
        sa.Column("status", text(20), nullable=False),
        sa.Column("title", text(255), nullable=True),
        sa.Column("short_description", text(), nullable=True),
        sa.Column("full_description", text(), nullable=True),
        sa.Column("outcome", text(), nullable=True),
        sa.Column("start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrollment_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrollment_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announcement", sa.DateTime(timezone=True), nullable=True),
        sa.Column("go_live_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pacing", text(20), nullable=True),
        sa.Column("content_language", text(20), nullable=True),
        sa.Column("transcript_languages", Json, nullable=False),
        sa.Column("min_effort", sa.Integer(), nullable=True),
        sa.Column("max_effort", sa.Integer(), nullable=True),
        sa.Column("weeks_to_complete", sa.Integer(), nullable=True),
        sa.Column("mobile_available", sa.Boolean(), nullable=False),
        sa.Column("invite_only", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("enrollment_limit", sa.Integer(), nullable=True),
        sa.Column("marketing_slug", text(255), nullable=True),
        sa.Column("license", text(255), nullable=True),
        sa.Column("reporting_type", text(20), nullable=True),
        sa.Column("external_key", text(225), nullable=True),
        sa.Column("eligible_for_financial_aid", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_run_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_run")),
        sa.UniqueConstraint("key", name=op.f("uq_course_run_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_course_run_uuid")),
    )
    op.create_index(op.f("ix_course_run_course_id"), "course_run", ["course_id"], unique=False)
    op.create_table(
        "course_subject",
        sa.Column("course_id", BigInt, nullable=False),
        sa.Column("subject_id", BigInt, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_subject_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.id"], name=op.f("fk_course_subject_subject_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "subject_id", name=op.f("pk_course_subject")),
    )
    op.create_index(op.f("ix_course_subject_subject_id"), "course_subject", ["subject_id"], unique=False)
    op.create_table(
        "enterprise_catalog",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("title", text(255), nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("query_id", BigInt, nullable=True),
        sa.Column("publishes_audit_urls", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["enterprise_customer.id"],
            name=op.f("fk_enterprise_catalog_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["query_id"],
            ["catalog_query.id"],
            name=op.f("fk_enterprise_catalog_query_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_catalog")),
        sa.UniqueConstraint("uuid", name=op.f("uq_enterprise_catalog_uuid")),
    )
    op.create_index(
        op.f("ix_enterprise_catalog_customer_id"), "enterprise_catalog", ["customer_id"], unique=False
    )
    op.create_index(op.f("ix_enterprise_catalog_query_id"), "enterprise_catalog", ["query_id"], unique=False)
    op.create_table(
        "enterprise_learner",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["enterprise_customer.id"],
            name=op.f("fk_enterprise_learner_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_enterprise_learner_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_learner")),
        sa.UniqueConstraint("customer_id", "user_id", name=op.f("uq_enterprise_learner_customer_id_user_id")),
    )
    op.create_index(op.f("ix_enterprise_learner_user_id"), "enterprise_learner", ["user_id"], unique=False)
    op.create_table(
        "entitlement",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("course_id", BigInt, nullable=False),
        sa.Column("mode", text(100), nullable=False),
        sa.Column("price", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("currency", text(6), nullable=False),
        sa.Column("sku", text(128), nullable=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_entitlement_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
    )
    op.create_index(op.f("ix_entitlement_course_id"), "entitlement", ["course_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("slug", text(255), nullable=False),
        sa.Column("salutation", text(10), nullable=True),
        sa.Column("given_name", text(255), nullable=False),
        sa.Column("family_name", text(255), nullable=True),
        sa.Column("bio", text(), nullable=True),
        sa.Column("email", text(254), nullable=True),
        sa.Column("profile_image_url", text(), nullable=True),
        sa.Column("position_title", text(255), nullable=True),
        sa.Column("position_organization_name", text(255), nullable=True),
        sa.Column("organization_id", BigInt, nullable=True),
        sa.Column("facebook_url", text(), nullable=True),
        sa.Column("twitter_url", text(), nullable=True),
        sa.Column("blog_url", text(), nullable=True),
        sa.Column("works", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_person_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("slug", name=op.f("uq_person_slug")),
        sa.UniqueConstraint("uuid", name=op.f("uq_person_uuid")),
    )
    op.create_index(op.f("ix_person_organization_id"), "person", ["organization_id"], unique=False)
    op.create_table(
        "program",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("title", text(255), nullable=False),
        sa.Column("subtitle", text(), nullable=True),
        sa.Column("type_id", BigInt, nullable=True),
        sa.Column("status", text(20), nullable=False),
        sa.Column("marketing_slug", text(255), nullable=True),
        sa.Column("card_image_url", text(), nullable=True),
        sa.Column("min_hours_effort_per_week", sa.Integer(), nullable=True),
        sa.Column("max_hours_effort_per_week", sa.Integer(), nullable=True),
        sa.Column("weeks_to_complete_min", sa.Integer(), nullable=True),
        sa.Column("weeks_to_complete_max", sa.Integer(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("one_click_purchase", sa.Boolean(), nullable=False),
        sa.Column("partner", text(8), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["type_id"], ["program_type.id"], name=op.f("fk_program_type_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
        sa.UniqueConstraint("uuid", name=op.f("uq_program_uuid")),
    )
    op.create_index(op.f("ix_program_type_id"), "program", ["type_id"], unique=False)
    op.create_table(
        "role_assignment",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("role", text(40), nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["enterprise_customer.id"],
            name=op.f("fk_role_assignment_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_role_assignment_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
    )
    op.create_index(op.f("ix_role_assignment_customer_id"), "role_assignment", ["customer_id"], unique=False)
    op.create_index(
        op.f("ix_role_assignment_user_id_role_customer_id"),
        "role_assignment",
        ["user_id", "role", "customer_id"],
        unique=True,
    )
    op.create_index(
        "uq_role_assignment_everywhere",
        "role_assignment",
        ["user_id", "role"],
        unique=True,
        sqlite_where=sa.text("customer_id IS NULL"),
        postgresql_where=sa.text("customer_id IS NULL"),
    )
    op.create_table(
        "saml_identity",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("uid", text(255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_saml_identity_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_identity")),
    )
    op.create_index(op.f("ix_saml_identity_user_id"), "saml_identity", ["user_id"], unique=False)
    op.create_table(
        "activity_week",
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("any", sa.Integer(), nullable=False),
        sa.Column("attempted_problem", sa.Integer(), nullable=False),
        sa.Column("played_video", sa.Integer(), nullable=False),
        sa.Column("posted_forum", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_activity_week_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "week", name=op.f("pk_activity_week")),
    )
    op.create_table(
        "catalog_item",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("catalog_id", BigInt, nullable=False),
        sa.Column("course_id", BigInt, nullable=True),
        sa.Column("run_id", BigInt, nullable=True),
        sa.Column("program_id", BigInt, nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN course_id IS NULL THEN 0 ELSE 1 END + CASE WHEN run_id IS NULL THEN 0 ELSE 1 END + CASE WHEN program_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_catalog_item_one_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["catalog_id"],
            ["enterprise_catalog.id"],
            name=op.f("fk_catalog_item_catalog_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_catalog_item_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_catalog_item_program_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_catalog_item_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_item")),
    )
    op.create_index(
        op.f("ix_catalog_item_catalog_id_course_id"), "catalog_item", ["catalog_id", "course_id"], unique=True
    )
    op.create_index(
        op.f("ix_catalog_item_catalog_id_program_id"),
        "catalog_item",
        ["catalog_id", "program_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_catalog_item_catalog_id_run_id"), "catalog_item", ["catalog_id", "run_id"], unique=True
    )
    op.create_index(op.f("ix_catalog_item_course_id"), "catalog_item", ["course_id"], unique=False)
    op.create_index(op.f("ix_catalog_item_program_id"), "catalog_item", ["program_id"], unique=False)
    op.create_index(op.f("ix_catalog_item_run_id"), "catalog_item", ["run_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["enterprise_customer.id"],
            name=op.f("fk_consent_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_consent_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_consent_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint(
            "customer_id", "user_id", "run_id", name=op.f("uq_consent_customer_id_user_id_run_id")
        ),
    )
    op.create_index(op.f("ix_consent_run_id"), "consent", ["run_id"], unique=False)
    op.create_index(op.f("ix_consent_user_id"), "consent", ["user_id"], unique=False)
    op.create_table(
        "course_run_staff",
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("person_id", BigInt, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_course_run_staff_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_course_run_staff_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "person_id", name=op.f("pk_course_run_staff")),
    )
    op.create_index(op.f("ix_course_run_staff_person_id"), "course_run_staff", ["person_id"], unique=False)
    op.create_table(
        "enrollment",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("mode", text(100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unenrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_enrollment_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_enrollment_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
        sa.UniqueConstraint("run_id", "user_id", name=op.f("uq_enrollment_run_id_user_id")),
    )
    op.create_index(op.f("ix_enrollment_run_id_id"), "enrollment", ["run_id", "id"], unique=False)
    op.create_index(op.f("ix_enrollment_user_id_id"), "enrollment", ["user_id", "id"], unique=False)
    op.create_table(
        "enrollment_event",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", text(20), nullable=False),
        sa.Column("mode", text(100), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_enrollment_event_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_enrollment_event_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_event")),
        sa.UniqueConstraint(
            "run_id",
            "user_id",
            "occurred_at",
            "type",
            "mode",
            name=op.f("uq_enrollment_event_run_id_user_id_occurred_at_type_mode"),
        ),
    )
    op.create_index(op.f("ix_enrollment_event_user_id"), "enrollment_event", ["user_id"], unique=False)
    op.create_table(
        "enrollment_span",
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("dimension", text(20), nullable=False),
        sa.Column("value", text(100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("cumulative_count", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_enrollment_span_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "dimension", "value", "since", name=op.f("pk_enrollment_span")),
    )
    op.create_table(
        "event",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("type", text(50), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("course_id", BigInt, nullable=True),
        sa.Column("run_id", BigInt, nullable=True),
        sa.Column("payload", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_event_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_event_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_event_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_event_course_id"), "event", ["course_id"], unique=False)
    op.create_index(op.f("ix_event_run_id"), "event", ["run_id"], unique=False)
    op.create_index(op.f("ix_event_type"), "event", ["type"], unique=False)
    op.create_index(op.f("ix_event_user_id"), "event", ["user_id"], unique=False)
    op.create_table(
        "module",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("usage_key", text(255), nullable=False),
        sa.Column("category", text(50), nullable=False),
        sa.Column("display_name", text(255), nullable=True),
        sa.Column("encoded_id", text(255), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_module_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module")),
        sa.UniqueConstraint("run_id", "usage_key", name=op.f("uq_module_run_id_usage_key")),
    )
    op.create_index(
        op.f("ix_module_run_id_category_id"), "module", ["run_id", "category", "id"], unique=False
    )
    op.create_index(op.f("ix_module_run_id_encoded_id"), "module", ["run_id", "encoded_id"], unique=False)
    op.create_index(op.f("ix_module_usage_key"), "module", ["usage_key"], unique=False)
    op.create_table(
        "program_course",
        sa.Column("program_id", BigInt, nullable=False),
        sa.Column("course_id", BigInt, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_program_course_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_program_course_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "course_id", name=op.f("pk_program_course")),
    )
    op.create_index(op.f("ix_program_course_course_id"), "program_course", ["course_id"], unique=False)
    op.create_table(
        "program_excluded_run",
        sa.Column("program_id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
            name=op.f("fk_program_excluded_run_program_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_program_excluded_run_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "run_id", name=op.f("pk_program_excluded_run")),
    )
    op.create_index(op.f("ix_program_excluded_run_run_id"), "program_excluded_run", ["run_id"], unique=False)
    op.create_table(
        "program_organization",
        sa.Column("program_id", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_program_organization_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
            name=op.f("fk_program_organization_program_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program_id", "organization_id", name=op.f("pk_program_organization")),
    )
    op.create_index(
        op.f("ix_program_organization_organization_id"),
        "program_organization",
        ["organization_id"],
        unique=False,
    )
    op.create_table(
        "progress",
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("absolute_progress", sa.Float(), nullable=True),
        sa.Column("max_possible_progress", sa.Float(), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("percent_grade", sa.Float(), nullable=True),
        sa.Column("letter_grade", text(255), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_progress_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_progress_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "user_id", name=op.f("pk_progress")),
    )
    op.create_index(op.f("ix_progress_user_id"), "progress", ["user_id"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("mode", text(100), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("price", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("suggested_prices", text(255), nullable=False),
        sa.Column("currency", text(6), nullable=False),
        sa.Column("upgrade_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", text(), nullable=True),
        sa.Column("sku", text(128), nullable=True),
        sa.Column("bulk_sku", text(128), nullable=True),
        sa.Column("credit_provider", text(255), nullable=False),
        sa.Column("credit_hours", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_seat_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint(
            "run_id", "mode", "credit_provider", name=op.f("uq_seat_run_id_mode_credit_provider")
        ),
    )
    op.create_table(
        "answer_count",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("part_id", text(255), nullable=False),
        sa.Column("value_id", text(255), nullable=True),
        sa.Column("answer_value", text(), nullable=True),
        sa.Column("variant", sa.Integer(), nullable=True),
        sa.Column("consolidated_variant", sa.Boolean(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("question_text", text(), nullable=True),
        sa.Column("problem_display_name", text(), nullable=True),
        sa.Column("first_response_count", sa.Integer(), nullable=False),
        sa.Column("last_response_count", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_answer_count_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_count")),
    )
    op.create_index(op.f("ix_answer_count_module_id"), "answer_count", ["module_id"], unique=False)
    op.create_table(
        "enrollment_attribute",
        sa.Column("enrollment_id", BigInt, nullable=False),
        sa.Column("namespace", text(100), nullable=False),
        sa.Column("name", text(100), nullable=False),
        sa.Column("value", text(1024), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollment.id"],
            name=op.f("fk_enrollment_attribute_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("enrollment_id", "namespace", "name", name=op.f("pk_enrollment_attribute")),
    )
    op.create_table(
        "grade_count",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("grade", sa.Float(), nullable=False),
        sa.Column("max_grade", sa.Float(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_grade_count_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "grade", "max_grade", name=op.f("pk_grade_count")),
    )
    op.create_table(
        "subsection_opens",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_subsection_opens_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", name=op.f("pk_subsection_opens")),
    )
    op.create_table(
        "video_segment",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("num_users", sa.Integer(), nullable=False),
        sa.Column("num_views", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_video_segment_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "segment", name=op.f("pk_video_segment")),
    )
    op.create_table(
        "video_views",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("segment_length", sa.Integer(), nullable=False),
        sa.Column("users_at_start", sa.Integer(), nullable=False),
        sa.Column("users_at_end", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_video_views_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", name=op.f("pk_video_views")),
    )


def downgrade() -> None:
    op.drop_table("video_views")
    op.drop_table("video_segment")
    op.drop_table("subsection_opens")
    op.drop_table("grade_count")
    op.drop_table("enrollment_attribute")
    op.drop_index(op.f("ix_answer_count_module_id"), table_name="answer_count")
    op.drop_table("answer_count")
    op.drop_table("seat")
    op.drop_index(op.f("ix_progress_user_id"), table_name="progress")
    op.drop_table("progress")
    op.drop_index(op.f("ix_program_organization_organization_id"), table_name="program_organization")
    op.drop_table("program_organization")
    op.drop_index(op.f("ix_program_excluded_run_run_id"), table_name="program_excluded_run")
    op.drop_table("program_excluded_run")
    op.drop_index(op.f("ix_program_course_course_id"), table_name="program_course")
    op.drop_table("program_course")
    op.drop_index(op.f("ix_module_usage_key"), table_name="module")
    op.drop_index(op.f("ix_module_run_id_encoded_id"), table_name="module")
    op.drop_index(op.f("ix_module_run_id_category_id"), table_name="module")
    op.drop_table("module")
    op.drop_index(op.f("ix_event_user_id"), table_name="event")
    op.drop_index(op.f("ix_event_type"), table_name="event")
    op.drop_index(op.f("ix_event_run_id"), table_name="event")
    op.drop_index(op.f("ix_event_course_id"), table_name="event")
    op.drop_table("event")
    op.drop_table("enrollment_span")
    op.drop_index(op.f("ix_enrollment_event_user_id"), table_name="enrollment_event")
    op.drop_table("enrollment_event")
    op.drop_index(op.f("ix_enrollment_user_id_id"), table_name="enrollment")
    op.drop_index(op.f("ix_enrollment_run_id_id"), table_name="enrollment")
    op.drop_table("enrollment")
    op.drop_index(op.f("ix_course_run_staff_person_id"), table_name="course_run_staff")
    op.drop_table("course_run_staff")
    op.drop_index(op.f("ix_consent_user_id"), table_name="consent")
    op.drop_index(op.f("ix_consent_run_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_catalog_item_run_id"), table_name="catalog_item")
    op.drop_index(op.f("ix_catalog_item_program_id"), table_name="catalog_item")
    op.drop_index(op.f("ix_catalog_item_course_id"), table_name="catalog_item")
    op.drop_index(op.f("ix_catalog_item_catalog_id_run_id"), table_name="catalog_item")
    op.drop_index(op.f("ix_catalog_item_catalog_id_program_id"), table_name="catalog_item")
    op.drop_index(op.f("ix_catalog_item_catalog_id_course_id"), table_name="catalog_item")
    op.drop_table("catalog_item")
    op.drop_table("activity_week")
    op.drop_index(op.f("ix_saml_identity_user_id"), table_name="saml_identity")
    op.drop_table("saml_identity")
    op.drop_index(
        "uq_role_assignment_everywhere",
        table_name="role_assignment",
        sqlite_where=sa.text("customer_id IS NULL"),
        postgresql_where=sa.text("customer_id IS NULL"),
    )
    op.drop_index(op.f("ix_role_assignment_user_id_role_customer_id"), table_name="role_assignment")
    op.drop_index(op.f("ix_role_assignment_customer_id"), table_name="role_assignment")
    op.drop_table("role_assignment")
    op.drop_index(op.f("ix_program_type_id"), table_name="program")
    op.drop_table("program")
    op.drop_index(op.f("ix_person_organization_id"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_entitlement_course_id"), table_name="entitlement")
    op.drop_table("entitlement")
    op.drop_index(op.f("ix_enterprise_learner_user_id"), table_name="enterprise_learner")
    op.drop_table("enterprise_learner")
    op.drop_index(op.f("ix_enterprise_catalog_query_id"), table_name="enterprise_catalog")
    op.drop_index(op.f("ix_enterprise_catalog_customer_id"), table_name="enterprise_catalog")
    op.drop_table("enterprise_catalog")
    op.drop_index(op.f("ix_course_subject_subject_id"), table_name="course_subject")
    op.drop_table("course_subject")
    op.drop_index(op.f("ix_course_run_course_id"), table_name="course_run")
    op.drop_table("course_run")
    op.drop_index(op.f("ix_course_organization_organization_id"), table_name="course_organization")
    op.drop_table("course_organization")
    op.drop_table("api_key")
    op.drop_index(op.f("ix_user_email"), table_name="user")
    op.drop_table("user")
    op.drop_table("subject")
    op.drop_table("program_type")
    op.drop_table("organization")
    op.drop_table("enterprise_customer")
    op.drop_table("course")
    op.drop_table("catalog_query")
    op.drop_table("calendar")
