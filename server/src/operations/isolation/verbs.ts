/**
 * How far a verb of the command line reaches:
 *
 * - `one tenant`: the named tenant's database, through its own role
 * - `one entry`: the named tenant's entry in the registry, and its database as the administrator
 * - `every tenant`: one tenant, or with `--reason` all of them, each through its own role
 * - `platform`: the registry and all tenants' databases or keys: maintenance that shows nobody's rows
 * - `registry`: names of tenants, no tenant's database
 *
 * Who looks into every tenant, or changes what is theirs in all of them, says why: the reason stands in the
 * operators' audit log (`tenants.elevated`) before anything is read, and in each tenant's own. Maintenance of the
 * platform needs no reason, but the operators' audit log says who began which verb (`platform.maintain`).
 */
export type Reach = "one tenant" | "one entry" | "every tenant" | "platform" | "registry";

export interface VerbAccess {
  reach: Reach;
  /** It takes an id of something of the tenant's; another tenant's is as unknown as nobody's. */
  takesId?: true;
  /** It is refused for a suspended tenant; others look, or finish what was paid before. */
  activeOnly?: true;
  /** Of reach `platform`: it writes its row itself, since it works where none can be written too. */
  auditsItself?: true;
}

/**
 * Every verb of `clarity`. Tested in cli/verbs.test.ts, which fails when a verb is not listed here, and
 * printed by `clarity isolation report`.
 */
export const verbs: Record<string, VerbAccess> = {
  "audit anchor": { reach: "every tenant" },
  "audit show": { reach: "one tenant", takesId: true },
  "audit verify": { reach: "every tenant" },
  "backup check": { reach: "platform" },
  "backup create": { reach: "platform" },
  "backup drill": { reach: "platform" },
  "backup list": { reach: "registry" },
  "backup prune": { reach: "platform" },
  "backup verify": { reach: "platform" },
  "database-server add": { reach: "registry" },
  "database-server list": { reach: "registry" },
  "database-server prepare": { reach: "registry" },
  "database-server remove": { reach: "registry" },
  "dead-letter finish": { reach: "one tenant", takesId: true },
  "dead-letter list": { reach: "one tenant" },
  "dead-letter replay": { reach: "one tenant", takesId: true },
  doctor: { reach: "platform", auditsItself: true },
  "edge-key add": { reach: "registry" },
  "edge-key list": { reach: "registry" },
  "edge-key retire": { reach: "registry" },
  "edge-key use": { reach: "registry" },
  "embed check": { reach: "one tenant" },
  "embed page": { reach: "one tenant", activeOnly: true },
  "embed-key add": { reach: "one tenant", activeOnly: true },
  "embed-key list": { reach: "one tenant", activeOnly: true },
  "embed-key revoke": { reach: "one tenant", takesId: true, activeOnly: true },
  "flag list": { reach: "one tenant" },
  "flag set": { reach: "one tenant" },
  "flag unset": { reach: "one tenant" },
  "host add": { reach: "one entry" },
  "host list": { reach: "one entry" },
  "host remove": { reach: "one entry", takesId: true },
  "instance list": { reach: "registry" },
  "invoice import": { reach: "one tenant" },
  "isolation report": { reach: "every tenant" },
  "key rotate": { reach: "every tenant" },
  "master-key init": { reach: "registry" },
  "master-key retire": { reach: "platform" },
  "master-key rotate": { reach: "platform" },
  "master-key status": { reach: "platform" },
  "migrate drift": { reach: "platform" },
  "migrate retry": { reach: "one entry" },
  "migrate rollback": { reach: "one entry" },
  "migrate run": { reach: "platform" },
  "migrate status": { reach: "registry" },
  "payment close-attempt": { reach: "one tenant", takesId: true },
  "payment decide": { reach: "one tenant", takesId: true },
  "payment list": { reach: "one tenant" },
  "payment resolve": { reach: "one tenant", takesId: true },
  "payment show": { reach: "one tenant", takesId: true },
  "record-fault list": { reach: "one tenant" },
  "setting get": { reach: "one tenant", activeOnly: true },
  "setting list": { reach: "one tenant", activeOnly: true },
  "setting set": { reach: "one tenant", activeOnly: true },
  "setting unset": { reach: "one tenant", activeOnly: true },
  "signing-key distrust": { reach: "registry" },
  "signing-key init": { reach: "registry" },
  "signing-key list": { reach: "registry" },
  "signing-key show": { reach: "registry" },
  "signing-key trust": { reach: "registry" },
  "tenant create": { reach: "one entry" },
  "tenant delete": { reach: "one entry" },
  "tenant demote": { reach: "one entry" },
  "tenant export": { reach: "one tenant" },
  "tenant import": { reach: "one entry" },
  "tenant list": { reach: "registry" },
  "tenant move": { reach: "one entry" },
  "tenant move-abort": { reach: "one entry" },
  "tenant move-confirm": { reach: "one entry" },
  "tenant pin": { reach: "one entry" },
  "tenant promote": { reach: "one entry" },
  "tenant purge": { reach: "platform" },
  "tenant repair-role": { reach: "one entry" },
  "tenant restore": { reach: "one entry" },
  "tenant restore-abort": { reach: "one entry" },
  "tenant restore-backup": { reach: "one entry", takesId: true },
  "tenant restore-confirm": { reach: "one entry" },
  "tenant resume": { reach: "one entry" },
  "tenant ring": { reach: "one entry" },
  "tenant show": { reach: "one entry" },
  "tenant suspend": { reach: "one entry" },
  "tenant unpin": { reach: "one entry" },
  "token mint": { reach: "one tenant", takesId: true, activeOnly: true },
};
