/**
 * Tenancy is a value you hold: whoever wants rows holds a `TenantDb`, and it answers for one tenant.
 */
export interface TenantRef {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | undefined
  | SqlJson
  | readonly string[];

/** Marks a value for a `jsonb` parameter. bigints inside must be digits already. */
export interface SqlJson {
  readonly json: unknown;
}
export const json = (value: unknown): SqlJson => ({ json: value });

export interface TenantDb {
  readonly tenant: TenantRef;
  /**
   * One statement, autocommitted. Every returned row must carry `tenant_id`: a row without it or
   * with another tenant's stops the answer (`IsolationBreach`: counted, audited, alerted).
   * int8 columns arrive as bigint, timestamps as Date, `date` as `YYYY-MM-DD` text.
   * @throws TenantUnavailable when the database cannot be reached or the pool is exhausted.
   */
  query<Row extends { tenant_id: string }>(
    strings: TemplateStringsArray,
    ...values: SqlValue[]
  ): Promise<Row[]>;
}
