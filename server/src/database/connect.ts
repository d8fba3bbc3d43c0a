import postgres from "postgres";
import { startupParameters } from "./session.ts";
import { driverTls } from "./tls.ts";

export type Sql = ReturnType<typeof connect>;

/**
 * A pool that connects on first use. int8 is bigint, timestamps are Date, `date` is `YYYY-MM-DD`,
 * text arrays are arrays. Nothing depends on defaults of the server (session.ts).
 *
 * @param url with libpq's sslmode, sslrootcert … where TLS is wanted (tls.ts)
 * @param max connections; default 5
 * @param idleTimeoutSeconds closes an idle connection; default 20
 * @param lifetimeSeconds closes a connection after; null: never, for session locks; default 30 to 60 min
 * @param session startup parameters, such as `app.tenant_id` or `statement_timeout` in ms; default: no time limits
 * @param behindPooler through PgBouncer in transaction mode, where a session brings next to nothing; default false
 * @param onClose is told when a connection has ended, by us or not; answers false: what waits for it wants no other
 * @param socketFolder holds the server's Unix socket; the URL's host is of no meaning then
 */
export function connect(input: {
  url: string;
  max?: number;
  idleTimeoutSeconds?: number;
  connectTimeoutSeconds?: number;
  lifetimeSeconds?: number | null;
  session?: Record<string, string | number>;
  behindPooler?: boolean;
  onClose?: () => unknown;
  socketFolder?: string;
}) {
  const { url, ssl } = driverTls(input.url);
  return postgres(url, {
    ...(ssl !== undefined && !input.socketFolder && { ssl }),
    ...(input.socketFolder && { path: `${input.socketFolder}/.s.PGSQL.5432` }),
    max: input.max ?? 5,
    idle_timeout: input.idleTimeoutSeconds ?? 20,
    connect_timeout: input.connectTimeoutSeconds ?? 2,
    ...(input.lifetimeSeconds !== undefined && { max_lifetime: input.lifetimeSeconds }),
    // Its default waits up to 20 s after failures; a database that came back is wanted at once.
    backoff: () => 0.1,
    // A catalogue query per connection, for array types; those we use are below.
    fetch_types: false,
    onnotice: () => {},
    ...(input.onClose && { onclose: input.onClose }),
    connection: startupParameters({
      behindPooler: input.behindPooler ?? false,
      session: input.session ?? {},
    }),
    types: {
      bigint: postgres.BigInt,
      ...serialiseOnce,
      calendarDate: { to: 1082, from: [1082], serialize: String, parse: (text: string) => text },
      // text[], varchar[], uuid[]
      textArray: { to: 1009, from: [1009, 1015, 2951], serialize: formatTextArray, parse: parseTextArray },
    },
  });
}

/**
 * When a table has changed under a prepared statement, postgres.js prepares it anew and serialises its values a
 * second time: true would become false, bytes the hexadecimal of their hexadecimal. What is text already stays.
 */
const serialiseOnce = {
  boolean: {
    to: 16,
    from: [16],
    serialize: (value: unknown) => (value === true || value === "t" ? "t" : "f"),
    parse: (text: string) => text === "t",
  },
  bytea: {
    to: 17,
    from: [17],
    serialize: (bytes: Uint8Array | string) =>
      typeof bytes === "string" ? bytes : `\\x${Buffer.from(bytes).toString("hex")}`,
    parse: (text: string) => Buffer.from(text.slice(2), "hex"),
  },
  json: {
    to: 114,
    from: [114, 3802],
    serialize: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    parse: (text: string) => JSON.parse(text),
  },
};

/** https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO */
function formatTextArray(items: readonly string[] | string): string {
  if (typeof items === "string") return items;
  return `{${items.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

function parseTextArray(text: string): (string | null)[] {
  return [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gs)].map(([, quoted, plain = ""]) => {
    if (quoted !== undefined) return quoted.replace(/\\(.)/gs, "$1");
    return plain === "NULL" ? null : plain;
  });
}
