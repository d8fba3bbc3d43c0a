import type { Command } from "commander";
import { readEnvironment } from "../../contract/environment/index.ts";
import { findPlatform } from "../operations/config.ts";
import { verbs } from "../operations/isolation/verbs.ts";
import { type Operator, openOperator } from "../operations/operator.ts";
import { createLogger } from "../telemetry/log.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import type { OpenOptions, OpenTenant } from "../tenant/tenants.ts";
import { commandLineEnvironment } from "./environment.ts";
import { operatorName } from "./operator-name.ts";
import type { Answer } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** Options every command takes. */
export interface CommonOptions {
  json?: boolean;
}

/** The answer was printed and the exit code shall be 1. */
export class AnsweredBadNews extends Error {}

/** `backup create`: as operations/isolation/verbs.ts lists it. */
export const verbOf = (command: Command): string =>
  command.parent ? `${verbOf(command.parent)} ${command.name()}`.trim() : "";

/** Runs one command on an open platform. */
export type Run = (options: CommonOptions, command: (operator: Operator) => Promise<Answer>) => Promise<void>;

/**
 * Opens the platform for one command, prints its answer, closes. Who runs it stands in the audit logs.
 *
 * @param verb the one that is run, as operations/isolation/verbs.ts lists it
 */
export const createRun =
  (terminal: Terminal, verb: () => string): Run =>
  async ({ json }, command) => {
    const { values } = readEnvironment(commandLineEnvironment, terminal.env);
    const operator = openOperator({
      address: findPlatform(terminal.env),
      operator: operatorName(values.CLARITY_OPERATOR),
      log: createLogger({ name: "clarity", level: "silent" }),
    });
    try {
      await auditMaintenance(operator, verb());
      const answer = await command(operator);
      terminal.print(json ? JSON.stringify(answer.json, null, 2) : answer.text);
      if (answer.failed) throw new AnsweredBadNews();
    } finally {
      await operator.close();
    }
  };

/** Before it begins; what cannot be written down is not done. */
async function auditMaintenance({ registry, actor }: Operator, verb: string): Promise<void> {
  const { reach, auditsItself = false } = verbs[verb] ?? {};
  if (reach !== "platform" || auditsItself) return;
  await registry.audit({ actor, action: "platform.maintain", detail: { verb } });
}

/** @throws TenantUnknown and what `Tenants.open` throws. */
export async function openBySlug(
  operator: Operator,
  slug: string,
  options?: OpenOptions,
): Promise<OpenTenant> {
  const record = await operator.registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  return operator.tenants.open(record.id, options);
}
