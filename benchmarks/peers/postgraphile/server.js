// PostGraphile over DATABASE_URL with DATABASE_POOL connections, on a port that it chooses and prints.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const service = makePgService({
  connectionString: process.env.DATABASE_URL,
  schemas: ["public", "peer"],
  poolConfig: { max: Number(process.env.DATABASE_POOL) },
});
const server = createServer();
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [service],
  schema: { defaultBehavior: "+connection +list" },
  grafast: { explain: false },
  grafserv: { graphiql: false, watch: false, websockets: false },
});
await instance.createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => {
  console.log(`PostGraphile running on http://127.0.0.1:${server.address().port}`);
});
