/** What each process reads from its environment, from where it is declared. */
import { edgeEnvironment } from "../bff/src/environment.ts";
import { d365Environment } from "../demo/src/d365/environment.ts";
import { launcherEnvironment } from "../demo/src/launcher/environment.ts";
import { mailboxEnvironment } from "../demo/src/mailbox/environment.ts";
import { netsuiteEnvironment } from "../demo/src/netsuite/environment.ts";
import { providerEnvironment } from "../demo/src/provider/config.ts";
import {
  type DeclaredEnvironment,
  describeEnvironment,
  tracingVariables,
} from "../server/contract/environment/index.ts";
import { commandLineEnvironment } from "../server/src/cli/environment.ts";
import { serverEnvironment } from "../server/src/environment.ts";
import { backupVariables } from "../server/src/operations/backup/settings.ts";
import { markdownTable } from "./markdown-table.ts";

/** Every process that reads variables of ours. */
export const environments: readonly DeclaredEnvironment[] = [
  serverEnvironment,
  edgeEnvironment,
  commandLineEnvironment,
  launcherEnvironment,
  providerEnvironment,
  netsuiteEnvironment,
  d365Environment,
  mailboxEnvironment,
];

/** By the name of the docs' block. */
export const environmentTables: Record<string, () => string> = {
  server_environment: () => tableOf(serverEnvironment),
  edge_environment: () => tableOf(edgeEnvironment),
  command_line_environment: () => tableOf(commandLineEnvironment),
  backup_environment: () => tableOf({ program: "", about: "", variables: backupVariables }),
  tracing_environment: () =>
    tableOf({ program: "", about: "", variables: tracingVariables("edge or server") }),
  launcher_environment: () => tableOf(launcherEnvironment),
  demo_environment: () => {
    const processes = [providerEnvironment, netsuiteEnvironment, d365Environment, mailboxEnvironment];
    const rows = processes.flatMap((process) => rowsOf(process).map((row) => [process.program, ...row]));
    return markdownTable([["process", ...head], ...rows]);
  },
};

const head = ["variable", "what it is for", "written as", "without it"];

const tableOf = (environment: DeclaredEnvironment) => markdownTable([head, ...rowsOf(environment)]);

const rowsOf = (environment: DeclaredEnvironment): string[][] =>
  describeEnvironment(environment).map(({ name, help, kind, secret, default: written, otherwise }) => [
    `\`${name}\``,
    asText(help),
    asText(kind) + (secret ? " (secret)" : ""),
    written === null ? asText(otherwise) : `\`${written}\``,
  ]);

/** What would be markup stays what it is. */
const asText = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
