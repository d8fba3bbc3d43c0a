import { sharedAudience } from "../../contract/index.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { MoveRefused } from "./errors.ts";
import { type Instance, livingInstances } from "./instances.ts";
import type { Operator } from "./operator.ts";

/**
 * Whether the servers of that name can serve the tenant: they live, know its schema, and are of its pinned version.
 *
 * @throws MoveRefused
 */
export async function requireFit(input: {
  ctx: Operator;
  record: TenantRecord;
  audience: string;
}): Promise<void> {
  const objection = await objectionTo(input);
  if (objection) throw new MoveRefused(objection);
}

/** Why the servers of that name would not serve the tenant, which there may not be yet; null: they would. */
export async function objectionTo(input: {
  ctx: Operator;
  record: Pick<TenantRecord, "slug" | "pin" | "schemaVersion" | "contractVersion">;
  audience: string;
}): Promise<string | null> {
  const { ctx, record, audience } = input;
  const servers = (await livingInstances(ctx)).filter((server) => server.audience === audience);
  // The shared servers may be about to start; an instance that nobody has seen may be a typing error.
  if (servers.length === 0 && audience !== sharedAudience) {
    return `no server says that it is ${audience}: start one with CLARITY_AUDIENCE=${audience}; clarity instance list shows who lives`;
  }
  if (record.pin && record.pin.until > new Date()) {
    const other = servers.find(({ version }) => version !== record.pin?.version);
    if (other || servers.length === 0) {
      return `${record.slug} is pinned to ${record.pin.version}, and ${audience} is ${other?.version ?? "not up"}`;
    }
  }
  const unfit = servers.find((server) => !understands(server, record));
  return unfit ? `${record.slug} is at schema ${record.schemaVersion}, ${schemaOf(unfit)}` : null;
}

export const understands = (
  server: Instance,
  tenant: Pick<TenantRecord, "schemaVersion" | "contractVersion">,
): boolean =>
  server.minimumSchemaVersion <= tenant.schemaVersion && tenant.contractVersion <= server.schemaVersion;

const schemaOf = ({ audience, version, minimumSchemaVersion, schemaVersion }: Instance) =>
  `and ${audience} (version ${version}) serves ${minimumSchemaVersion} to ${schemaVersion}`;

/**
 * The base URL among those known that leads to the same place, as it is spelled there: servers and edges compare
 * letter by letter. As given when none does.
 */
export const asKnown = (url: string, known: readonly (string | null)[]): string =>
  known.find((other) => other !== null && normalise(other) === normalise(url)) ?? url;

const normalise = (url: string) => (URL.parse(url)?.href ?? url).replace(/\/$/, "");
