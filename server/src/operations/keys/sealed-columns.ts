/** A column of the tenants' schema that holds ciphertext under the tenant's data key. */
export interface SealedColumn {
  readonly table: string;
  /** Names a row within its tenant. */
  readonly id: string;
  readonly ciphertext: string;
  readonly keyVersion: string;
  /** What is authenticated beside tenant and version: where the ciphertext stands. */
  place(id: string): string;
}

/**
 * All of them: a rotation seals these anew and nothing else, so a column that is missing here would be lost with
 * the old key. A test compares the list with the database. The registry's `connection_secret` is the one
 * ciphertext elsewhere.
 */
export const sealedColumns: readonly SealedColumn[] = [
  {
    table: "settings",
    id: "key",
    ciphertext: "ciphertext",
    keyVersion: "key_version",
    place: (key) => `setting:${key}`,
  },
  {
    table: "embed_keys",
    id: "id",
    ciphertext: "secret_ciphertext",
    keyVersion: "key_version",
    place: (id) => `embed-key:${id}`,
  },
];
