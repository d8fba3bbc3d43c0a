import type { Sql } from "../../shared/database.ts";

/** A record as it goes over the wire, without annotations. */
export type Entity = Record<string, string | number | boolean | null>;

/** Property name → EDM type. The order is the order on the wire. */
export type Properties = Record<
  string,
  "Edm.String" | "Edm.Decimal" | "Edm.Int64" | "Edm.DateTimeOffset" | "Enum"
>;

export interface StoredEntity {
  entity: Entity;
  recid: number;
  version: number;
}

/** One OData entity set. What is absent cannot be done with it. */
export interface EntitySet {
  /** Type name, without namespace. */
  name: string;
  /** In the order of the key predicate. */
  keys: string[];
  /** Property that names the legal entity. */
  company: string;
  /**
   * Has a primary company context: a new record goes into the legal entity that its body names. Without one it goes
   * into the caller's default legal entity, whatever the body says.
   */
  hasCompanyContext: boolean;
  properties: Properties;
  /** All records, in key order. */
  load(sql: Sql): Promise<StoredEntity[]>;
  /** @returns the key of what was made. @throws ODataError */
  create?(sql: Sql, body: Record<string, unknown>): Promise<Entity>;
  /** @throws ODataError */
  update?(sql: Sql, key: Entity, body: Record<string, unknown>): Promise<void>;
  remove?(sql: Sql, key: Entity): Promise<void>;
}

/** F&O sends dates at noon, so that no time zone moves the day; 1900 means empty. */
export const wireDate = (isoDate: string | null): string => `${isoDate ?? "1900-01-01"}T12:00:00Z`;

/** The day of a wire date. */
export const dayOf = (text: unknown): string | null => /^(\d{4}-\d\d-\d\d)/.exec(String(text))?.[1] ?? null;

/** Segments of a ledger dimension are joined by hyphens, so hyphens inside one are escaped. */
export const escapeDisplayValue = (account: string): string => account.replaceAll("-", "\\-");
export const unescapeDisplayValue = (text: string): string => text.replaceAll("\\-", "-");

/** Weak, as F&O's are: made from the record's version and its RecId. */
export const etagOf = ({ version, recid }: StoredEntity): string =>
  `W/"${Buffer.from(`'${version},${recid}'`).toString("base64")}"`;
