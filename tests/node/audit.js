// Prints, as JSON, what each of graphql-http's server audits finds at URL, asked with the AUTHORIZATION header.
// node audit.js URL AUTHORIZATION
import { serverAudits } from 'graphql-http';

const [url, authorization] = process.argv.slice(2);
const fetchFn = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization, 'x-require-preflight': '1' } });

const results = await Promise.all(serverAudits({ url, fetchFn }).map((audit) => audit.fn()));
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
