import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureEdgeKeys } from "@clarity/bff";
import { createLogger } from "@clarity/server";
import {
  migrateTenants,
  openOperator,
  type PlatformAddress,
  preparePlatform,
  writeInstance,
} from "@clarity/server/operate";
import { assets } from "@clarity/widget/assets";
import type { Addresses } from "./addresses.ts";
import { allowedNetworks, neutralMail, platformSpecs, providerSpec, standInSpecs } from "./children.ts";
import { openDataDir } from "./data-dir.ts";
import { startDatabaseServer } from "./database-server.ts";
import { ensureStandInDatabases } from "./databases.ts";
import { recordProcesses } from "./leftovers.ts";
import { explainTaken, firstTaken, type Ports } from "./ports.ts";
import { ensureSecrets, type Secrets } from "./secrets.ts";
import { Supervisor } from "./supervisor.ts";
import { ensureTenants, openAccount } from "./tenants.ts";

export interface Start {
  root: string;
  dataDir: string;
  /** Administrator of a PostgreSQL that is there already. */
  databaseUrl: string | undefined;
  ports: Ports;
  addresses: Addresses;
  report: (line: string) => void;
  /** Told at once of each thing that will have to be stopped. */
  onStarted: (stop: () => Promise<void>) => void;
}

/** PostgreSQL, the provider, both tenants, then everything else. Resolves when all of it answers. */
export async function startAll(start: Start): Promise<void> {
  const { dataDir, ports, addresses, report } = start;
  const { logDir, keyDir } = openDataDir(dataDir);
  const secrets = ensureSecrets(dataDir);
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(keyDir);

  const database = await startPostgres(start, join(logDir, "postgres.log"));
  const supervisor = new Supervisor({
    logDir,
    cacheDir: join(dataDir, "cache"),
    report,
    onChange: (pids) => recordProcesses(dataDir, pids),
  });
  start.onStarted(() => supervisor.stop());

  const built = assets();
  const shared = {
    ports,
    addresses,
    secrets,
    dataDir,
    assets: { dir: built.dir, payForm: built.files["pay-form.js"], loader: built.files["loader.js"] },
    databases: await ensureStandInDatabases(database.adminUrl, secrets.databasePasswords),
  };
  // None of these knows a tenant: they start while the platform is prepared.
  const standIns = Promise.all(standInSpecs(shared).map((spec) => supervisor.start(spec)));
  standIns.catch(() => {});
  const provider = supervisor.start(providerSpec(shared));
  const [platform] = await Promise.all([
    prepare(start, secrets, { adminUrl: database.adminUrl, masterKeyFile: join(keyDir, "master.key") }),
    provider,
  ]);
  await prepareTenants(start, { platform, secrets });
  const { registryUrl, masterKeyFile } = platform;
  const specs = platformSpecs({
    ...shared,
    platform: { registryUrl, masterKeyFile, edgeKeyFile: keyFile, edgePublicKeyFile: publicKeyFile },
  });
  await Promise.all([standIns, ...specs.map((spec) => supervisor.start(spec))]);
}

/** Both tenants as this start needs them, and what testers need to know of them. */
async function prepareTenants(
  start: Start,
  { platform, secrets }: { platform: PlatformAddress; secrets: Secrets },
): Promise<void> {
  const { ports, addresses } = start;
  const where = { ports, addresses, secrets };
  const [acme, globex] = await Promise.all([openAccount(where, "acme"), openAccount(where, "globex")]);
  const operator = openOperator({
    address: platform,
    operator: "launcher",
    log: createLogger({ name: "launcher", level: "warn" }),
  });
  try {
    await migrateTenants({ ctx: operator, input: { wait: true } });
    await ensureTenants(operator, where, { acme, globex });
  } finally {
    await operator.close();
  }
  const provider = { adminKey: secrets.providerAdminKey, accounts: { acme, globex } };
  writeDemo(start, { ports, addresses, embed: secrets.embed, provider });
}

async function startPostgres(start: Start, logFile: string) {
  const { dataDir, databaseUrl, ports, report, onStarted } = start;
  try {
    const database = await startDatabaseServer({
      url: databaseUrl,
      dataDir: join(dataDir, "postgres"),
      port: ports.postgres,
      logFile,
      report,
    });
    onStarted(() => database.stop());
    return database;
  } catch (error) {
    // By now a server left behind is stopped, so what listens there is somebody else's.
    const taken = await firstTaken(ports, ["postgres"]);
    throw taken ? new Error(explainTaken(taken, ports)) : error;
  }
}

/** The registry's role gets a new password at every start: all who use it start now. */
async function prepare(
  { dataDir, addresses, ports }: Start,
  { providerAdminKey }: Secrets,
  where: { adminUrl: string; masterKeyFile: string },
): Promise<PlatformAddress> {
  const address = await preparePlatform(where);
  const mail = neutralMail(ports);
  const sandbox = {
    url: addresses.internal.provider,
    frameUrl: `${addresses.provider}/card`,
    adminKey: providerAdminKey,
    smtpPort: ports.smtp,
    mailbox: `${addresses.mailbox}/mail`,
  };
  writeInstance(dataDir, { ...address, allowedNetworks, mail, edgeUrl: `${addresses.edge}/`, sandbox });
  return address;
}

/** What testers need, and nobody else: addresses and credentials of the stand-ins. */
function writeDemo({ dataDir }: Start, content: Record<string, unknown>): void {
  const file = join(dataDir, "demo.json");
  writeFileSync(`${file}.draft`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}
