import { errorCode } from "../../database/client.ts";

/** Why a tenant's schema is not where it should be. */
export class SchemaFailure extends Error {
  override readonly name = "SchemaFailure";
  /** false: it may pass by itself, such as a database that is down or busy. */
  readonly lasting: boolean;
  /** What the database is at; null: it did not say. */
  readonly version: number | null;
  constructor(message: string, more: { lasting: boolean; version: number | null; cause?: unknown }) {
    super(message, { cause: more.cause });
    this.lasting = more.lasting;
    this.version = more.version;
  }
}

/**
 * Server gone or full, connection lost, lost races, locks not had in time, shutdown. Others are the
 * migration's own: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const passing = /^(?:08...|40...|53...|55P03|57...|58...|CONNECT|E[A-Z_]+$)/;

/** It was the migration's statements that failed, and they would again. */
export const isLasting = (error: unknown): boolean => !passing.test(errorCode(error));

interface PostgresError {
  message: string;
  table_name?: string;
  column_name?: string;
  constraint_name?: string;
}

/** PostgreSQL's words, which name tables and constraints; those of data exceptions quote a row's values. */
export function describePostgresError(error: unknown): string {
  const code = errorCode(error);
  const { message, table_name, column_name, constraint_name } = error as PostgresError;
  const where = [table_name, column_name, constraint_name].filter(Boolean).join(", ");
  const words = code.startsWith("22") ? `a value does not fit${where && ` (${where})`}` : message;
  return code ? `${words} (${code})` : words;
}
