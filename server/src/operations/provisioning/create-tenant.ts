import { randomUUID } from "node:crypto";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import type { Operator } from "../operator.ts";
import { NewTenant } from "./new-tenant.ts";
import { type NotAsAsked, notAsAsked } from "./not-as-asked.ts";
import { bringForward, prepareOlderTemplate } from "./older-schema.ts";
import { registerTenant } from "./register-tenant.ts";
import {
  activate,
  createDatabase,
  createRole,
  recordStep,
  refuseOtherRows,
  seed,
  setPrivileges,
} from "./steps.ts";
import { whileCreating } from "./while-creating.ts";

export type { NewTenant };

/**
 * In this order. Each step can be run again after it was done, or half done; the registry's row
 * comes first and holds every name and secret the others need, so a second run makes the same things.
 */
const steps = [createRole, createDatabase, setPrivileges, seed, activate] as const;
/** For one that older code began: the first rows are this code's, so they come when its schema does. */
const stepsFromOlder = [
  createRole,
  prepareOlderTemplate,
  createDatabase,
  setPrivileges,
  bringForward,
  seed,
  activate,
] as const;

export interface CreatedTenant {
  readonly tenant: { id: string; slug: string; name: string; template: string; hosts: readonly string[] };
  /** false: it was there already, made from the same input. */
  readonly created: boolean;
  /** What was asked for and is otherwise at one that was there already: nothing of it was changed. */
  readonly notAsAsked: readonly NotAsAsked[];
  readonly tookMs: number;
}

/**
 * Makes a tenant: registry row, login role, database from the template, privileges, first rows,
 * active. Killed at any point, it is called again with the same input, by newer code too, and goes on.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws SlugTaken, HostTaken; InstanceUnfit when no server that can serve it says that it is `input.instance`
 */
export async function createTenant({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: NewTenant;
  onStep?: (step: string) => void | Promise<void>;
}): Promise<CreatedTenant> {
  const startedAt = performance.now();
  const checked = NewTenant.parse(input);
  await onStep("registerTenant");
  const record = await registerTenant({ ctx, input: checked, id: randomUUID() });
  let created = false;
  const recorded: Promise<unknown>[] = [];
  if (record.status === "creating") {
    const found = await whileCreating({ ctx, record }, async (record) => {
      const older = record.schemaVersion < latestSchemaVersion();
      for (const step of older ? stepsFromOlder : steps) {
        await onStep(step.name);
        await step({ ctx, creation: { input: checked, record } });
        if (step !== activate) recorded.push(recordStep({ ctx, record, step: step.name }));
      }
    });
    created = found.status === "creating";
    if (!created) await refuseOtherRows({ ctx, creation: { input: checked, record: found } });
  }
  await Promise.all(recorded);
  await onStep("done");
  const { id, slug, name, template, hosts } = record;
  return {
    tenant: { id, slug, name, template, hosts },
    created,
    notAsAsked: created ? [] : notAsAsked(record, input),
    tookMs: performance.now() - startedAt,
  };
}
