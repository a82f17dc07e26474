// A Zapier app for the Zapier API, as its contract describes it.
import zapier from 'zapier-platform-core';

const ROOT = '/dataserver2';
const OBJECTS = 'application/vnd.nextthought.zapier.';
const USER = ['Username', 'Email', 'Realname', 'NonI18NFirstName', 'NonI18NLastName', 'LastLogin', 'LastSeen'];
const COURSE = ['Description', 'RichDescription', 'ProviderId', 'StartDate', 'EndDate'];
const PROGRESS = ['AbsoluteProgress', 'MaxPossibleProgress', 'PercentageProgress', 'Completed', 'Success'];

const picked = (names, object, renamed = {}) => ({
  ...Object.fromEntries(names.map((name) => [name, object[name]])),
  ...Object.fromEntries(Object.entries(renamed).map(([name, key]) => [name, object[key]])),
});
// What becomes of an object is told by its MimeType alone.
const FIELDS = {
  userdetails: (user) => picked(USER, user, { UserCreatedTime: 'CreatedTime' }),
  coursedetails: (course) =>
    picked(COURSE, course, { CourseTitle: 'Title', CourseId: 'Id', CourseCreatedTime: 'CreatedTime' }),
  completioncontextprogressdetails: (progress) => picked(PROGRESS, progress),
};
const fieldsOf = (object) => FIELDS[object.MimeType.slice(OBJECTS.length)]?.(object) ?? {};

export const flattened = (data) => {
  const fields = {};
  for (const [name, value] of Object.entries(data)) {
    const found = value !== null && typeof value === 'object' ? fieldsOf(value) : { [name]: value };
    for (const [key, each] of Object.entries(found)) {
      if (key in fields) throw new Error(`Field name collision: ${key}`);
      fields[key] = each;
    }
  }
  return fields;
};

const ask = async (z, bundle, method, path, options = {}) => {
  // As the platform does, inputs go into the query of every call too.
  const params = { ...bundle.inputData, ...options.params };
  const headers = { 'X-Requested-With': 'XMLHttpRequest', 'X-NTI-Integration': 'zapier' };
  const url = `${bundle.authData.site}${path}`;
  const response = await z.request({ url, method, headers, ...options, params });
  return response.content ? response.data : {};
};
const follow = async (z, bundle, rel, tail = '', options = {}) => {
  const { Items } = await ask(z, bundle, 'GET', `${ROOT}/service`);
  const workspace = Items.find((item) => item.Title === 'zapier');
  const { href, method = 'GET' } = workspace.Links.find((link) => link.rel === rel);
  return ask(z, bundle, method, href + tail, options);
};

const hook = (key, event, perform) => ({
  key,
  noun: key,
  display: { label: key, description: `Triggers on ${event}.` },
  operation: {
    type: 'hook',
    performSubscribe: (z, bundle) =>
      ask(z, bundle, 'POST', `${ROOT}/zapier/subscriptions/${event}`, { body: { target: bundle.targetUrl } }),
    performUnsubscribe: (z, bundle) => ask(z, bundle, 'DELETE', bundle.subscribeData.href),
    perform: (z, bundle) => [{ id: 1, ...perform(bundle.cleanedRequest.Data) }],
  },
});
const inputs = (...keys) => keys.map((key) => ({ key, required: key !== 'Scope' }));
const action = (key, inputFields, perform) => ({
  key,
  noun: key,
  display: { label: key, description: `Does ${key}.` },
  operation: { inputFields, perform },
});

export const App = {
  version: '1.0.0',
  platformVersion: zapier.version,
  authentication: {
    type: 'basic',
    fields: [{ key: 'site', required: true }],
    test: (z, bundle) => ask(z, bundle, 'GET', `${ROOT}/users/${bundle.authData.username}`),
  },
  triggers: {
    user_created: hook('user_created', 'user/created', fieldsOf),
    course_created: hook('course_created', 'course/created', fieldsOf),
    user_enrolled: hook('user_enrolled', 'user/enrolled', flattened),
    progress_updated: hook('progress_updated', 'course/progress_updated', flattened),
  },
  searches: {
    user: action('user', inputs('name'), async (z, bundle) => {
      const term = encodeURIComponent(bundle.inputData.name);
      return (await follow(z, bundle, 'user_search', `/${term}`)).Items.map(fieldsOf);
    }),
    course: action('course', inputs('filter'), async (z, bundle) =>
      (await follow(z, bundle, 'course_search')).Items.map(fieldsOf)),
  },
  creates: {
    user: action('user', inputs('Username', 'Email', 'Realname'), (z, bundle) =>
      follow(z, bundle, 'create_user', '', {
        body: bundle.inputData,
        params: { success: `${bundle.authData.site}/login/recover/reset` },
      })),
    enrollment: action('enrollment', inputs('Username', 'CourseId', 'Scope'), (z, bundle) =>
      follow(z, bundle, 'enroll_user')),
    enrollment_by_body: action('enrollment_by_body', inputs('Username', 'CourseId', 'Scope'), (z, bundle) =>
      follow(z, bundle, 'enroll_user', '', { body: bundle.inputData })),
  },
};
