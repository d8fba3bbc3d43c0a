export interface FlagDefinition {
  /** Also the flag's type: boolean, string or number. */
  readonly default: boolean | string | number;
  readonly description: string;
  /** The team that answers for it. */
  readonly owner: string;
  /** `release`: hides what is not finished. `ops`: a switch for a bad day. `permission`: what a tenant may have. */
  readonly kind: "release" | "ops" | "permission";
  /**
   * `YYYY-MM-DD`: from then on `clarity doctor` asks the owner for it. A `release` flag is removed with the code
   * it guards; the others are justified again and the date moved.
   */
  readonly expiresOn: string;
  /** The tenant's own people may set it; of the others they are told nothing. */
  readonly tenants?: true;
}

/** Every flag there is. A tenant's own value stands in its database (`clarity flag set`). */
export const flagDefinitions = {
  "payments-paused": {
    default: false,
    description: "New payments are refused and may be tried again; those under way finish.",
    owner: "payments",
    kind: "ops",
    tenants: true,
    expiresOn: "2027-12-01",
  },
  "partial-payments": {
    default: true,
    description: "A payer may pay a part of an invoice; off: all that is payable of it or nothing.",
    owner: "payments",
    kind: "permission",
    tenants: true,
    expiresOn: "2027-12-01",
  },
} as const satisfies Record<string, FlagDefinition>;

export type FlagKey = keyof typeof flagDefinitions;
type Widened<T> = T extends boolean ? boolean : T extends string ? string : number;
export type FlagValue<K extends FlagKey> = Widened<(typeof flagDefinitions)[K]["default"]>;

export const isFlagKey = (key: string): key is FlagKey => Object.hasOwn(flagDefinitions, key);
