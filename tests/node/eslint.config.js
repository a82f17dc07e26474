import graphql from '@graphql-eslint/eslint-plugin';

const SCHEMA = 'schema/schema.graphql';

// Values: parts of the object that holds them, which nothing looks up.
const VALUES = [
  'ActivityWeek',
  'Analytics',
  'AnswerCount',
  'ContentFacets',
  'CatalogChange',
  'EnrollmentAttribute',
  'EnrollmentByBirthYearDay',
  'EnrollmentByCountryDay',
  'EnrollmentByEducationDay',
  'EnrollmentByGenderDay',
  'EnrollmentByModeDay',
  'EnrollmentDay',
  'EnrollmentEvent',
  'EnrollmentMode',
  'EnrollmentSpan',
  'EnterpriseAccess',
  'EnterpriseOffer',
  'FacetValue',
  'GradeCount',
  'PageInfo',
  'Progress',
  'RateLimit',
  'SubsectionOpens',
  'VideoSegment',
  'VideoViews',
  'WebhookEventEntry',
  'WithheldEnrollments',
];

// What mutations answer: about objects, and none themselves.
const RESULTS = [
  'AccessTokenIssued',
  'AccessTokenRevoked',
  'CatalogItemsSaved',
  'ConsentSaved',
  'EnrollmentClosed',
  'EventRefused',
  'EventsRecorded',
  'EnrollmentSaved',
  'EnrollmentValid',
  'EnterpriseCatalogDeleted',
  'EnterpriseCatalogSaved',
  'EnterpriseCustomerSaved',
  'EnterpriseLearnerSaved',
  'EnterpriseRoleSaved',
  'ModeUnavailable',
  'NotFound',
  'NotPermitted',
  'OAuthClientIssued',
  'UserSaved',
  'ValidationError',
  'WebhookKeyIssued',
  'WebhookRemoved',
  'WebhookSaved',
  'WebhookStarted',
];

// "username" is one word, not "user" before "name".
const typenamePrefixButInUsername = {
  ...graphql.rules['no-typename-prefix'],
  create: (context) =>
    graphql.rules['no-typename-prefix'].create({
      report: (problem) => problem.data.fieldName === 'username' || context.report(problem),
    }),
};

export default [
  {
    files: [SCHEMA],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: SCHEMA } } },
    plugins: {
      '@graphql-eslint': {
        rules: { ...graphql.rules, 'no-typename-prefix': typenamePrefixButInUsername },
      },
    },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // Connections have `nodes` beside `edges`, a series is a plain list, and a change has no id.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
      ],
      // Changes are followed forward only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { suffixes: ['Connection', 'Edge'], types: [...VALUES, ...RESULTS] } },
      ],
    },
  },
];
