/** What programs say of PostgreSQL's errors, and how names and texts are quoted. Connections are made in connect.ts. */
/** No PostgreSQL answers at all. */
const unreachableCodes = [
  // postgres.js
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  // The system
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
];

/** Why a connection or its server is of no use now; the same statement may work later. */
const transientCodes = new Set([
  ...unreachableCodes,
  // PostgreSQL, errcodes-appendix: connection lost, a standby after a fail-over, wrong password, no such
  // database, lost races, no room or connection left, limits and shutdown
  "08000",
  "08003",
  "08006",
  "25006",
  "28P01",
  "28000",
  "3D000",
  "40001",
  "40P01",
  "53000",
  "53100",
  "53200",
  "53300",
  "55000",
  "55P03",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  "57P05",
]);

/** The error's code: PostgreSQL's five characters, or a word of postgres.js or the system. */
export const errorCode = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? "");

export const isUnavailable = (error: unknown): boolean => transientCodes.has(errorCode(error));

/** Narrower: nothing answers, not even to refuse. */
export const isUnreachable = (error: unknown): boolean => unreachableCodes.includes(errorCode(error));

/** For utility statements, which take no parameters. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** For utility statements. `standard_conforming_strings` is on, so a backslash is itself. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;
