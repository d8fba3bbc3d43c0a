import { quoteLiteral } from "./client.ts";

/**
 * What our statements and readers take for granted of a session. It is said when a connection is made, so that no
 * default of a server, a database or a role decides it. Each is one that PostgreSQL 15 knows and every role may set.
 */
export const reliedUpon = {
  // How values are written: what reads them knows these forms only.
  client_encoding: "UTF8",
  DateStyle: "ISO, YMD",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  lc_monetary: "C",
  lc_numeric: "C",
  lc_time: "C",
  // How statements are read.
  search_path: "public",
  standard_conforming_strings: "on",
  backslash_quote: "safe_encoding",
  array_nulls: "on",
  transform_null_equals: "off",
  quote_all_identifiers: "off",
  check_function_bodies: "on",
  row_security: "on",
  // What a transaction is, and that what it wrote is on disk when it is said to be.
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_transaction_deferrable: "off",
  synchronous_commit: "on",
  exit_on_error: "off",
} as const;

/** Nobody's patience but that of whoever connects. */
export const unhurried = {
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
} as const;

/** The same as defaults of a role (`pinned`), with what only newer servers know. */
export const pinnable = {
  ...reliedUpon,
  ...unhurried,
  // Since PostgreSQL 17.
  transaction_timeout: "0",
} as const;

/** Parameters that PgBouncer takes at start-up and keeps for its client; any other ends the connection. */
const keptByPoolers = ["client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings"] as const;

/**
 * The start-up parameters of a connection.
 *
 * @param behindPooler in transaction mode: the rest are defaults of the role (`pinned`)
 * @param session beside or instead of ours
 */
export function startupParameters(input: {
  behindPooler: boolean;
  session: Record<string, string | number>;
}): Record<string, string> {
  const ours = input.behindPooler
    ? Object.fromEntries(keptByPoolers.map((name) => [name, reliedUpon[name]]))
    : { ...reliedUpon, ...unhurried };
  const said = Object.entries(input.session).map(([name, value]) => [name, String(value)]);
  // Text: the driver leaves out a 0.
  return { application_name: "pay-server", ...ours, ...Object.fromEntries(said) };
}

/** As command-line options of a session (https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNECT-OPTIONS). */
export const sessionOptions = (settings: Record<string, string> = { ...reliedUpon, ...unhurried }): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, "\\$&")}`)
    .join(" ");

/**
 * A statement that makes settings the defaults of a role, in one database or in all. What the server does not know is
 * left out.
 *
 * @param role,database quoted
 */
export function pinned(input: { role: string; database?: string; settings: Record<string, string> }): string {
  const { role, database, settings } = input;
  const whose = `alter role ${role}${database ? ` in database ${database}` : ""}`;
  const values = Object.entries(settings).map((pair) => `(${pair.map(quoteLiteral).join(", ")})`);
  return `do $pinned$
    declare
      pin record;
    begin
      for pin in select name, value from (values ${values.join(", ")}) as p (name, value)
        where current_setting(name, true) is not null
      loop
        execute ${quoteLiteral(whose)} || format(' set %I = %L', pin.name, pin.value);
      end loop;
    end $pinned$`;
}
