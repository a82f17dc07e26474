// Follows events with npm graphql-ws or graphql-sse, loses its connection and comes back, and prints the names of the
// users that events are about, one per line, until it has some number of them.
// Usage: node follow.js '{"url": …, "key": …, "protocol": "ws" or "sse", "after": ID, "number": …}'
import { createClient as sse } from 'graphql-sse';
import { createClient as ws } from 'graphql-ws';
import WebSocket from 'ws';

const { url, key, protocol, after, number } = JSON.parse(process.argv[2]);
const query = 'subscription ($after: ID) { events(after: $after) { id user { username } } }';
const headers = { Authorization: `Token ${key}` };
const sockets = [];

class Kept extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.push(this);
  }
}

const connect = {
  ws: () => ws({ url: url.replace('http', 'ws'), connectionParams: headers, webSocketImpl: Kept, retryAttempts: 0 }),
  sse: () => sse({ url, headers, retryAttempts: 0 }),
}[protocol];

let place = after;
let seen = 0;
for (let turn = 1; seen < number; turn += 1) {
  const client = connect();
  const events = client.iterate({ query, variables: { after: place } });
  try {
    for (let taken = 0; seen < number && taken < turn * 3; taken += 1) {
      const { value } = await events.next();
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      console.log(value.data.events.user.username);
      place = value.data.events.id;
      seen += 1;
    }
    // Not a good-bye, as of one who pulls the plug.
    if (protocol === 'ws') sockets.at(-1).terminate();
  } finally {
    client.dispose();
  }
}
process.exit(0);
