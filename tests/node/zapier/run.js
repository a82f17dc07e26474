// Runs parts of the app through the platform's own tester and prints what they return, as JSON. Usage: node zapier/run.js
// '{"authData": {...}, "steps": [["triggers", "user_created", "perform", {...}], ...]}', the last being the bundle.
import zapier from 'zapier-platform-core';
import { App } from './app.js';

const { authData, steps } = JSON.parse(process.argv[2]);
const tester = zapier.createAppTester(App);
const done = [];
for (const [kind, key, part, bundle] of steps) {
  const method = kind === 'authentication' ? App.authentication.test : App[kind][key].operation[part];
  done.push(await tester(method, { authData, ...bundle }));
}
console.log(JSON.stringify(done));
