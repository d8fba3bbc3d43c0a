/** `npm start`: builds what is stale, starts everything on 127.0.0.1, keeps it running, stops it cleanly. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentAtStart, onTerminal } from "@clarity/server/contract/environment";
import { addressesOf } from "./launcher/addresses.ts";
import { launcherEnvironment } from "./launcher/environment.ts";
import { watchAncestors } from "./launcher/exit-with-ancestors.ts";
import { endLeftovers } from "./launcher/leftovers.ts";
import { explainTaken, firstTaken, portsFrom } from "./launcher/ports.ts";
import { startAll } from "./launcher/start-all.ts";
import { buildPortal, buildWidget } from "./launcher/widget-build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const env = environmentAtStart(launcherEnvironment, onTerminal);
const dataDir = resolve(env.CLARITY_DATA_DIR ?? join(root, ".data"));
const stops: (() => Promise<void>)[] = [];
let stopping: Promise<void> | null = null;

/** What was started last is stopped first. */
async function stopAll(): Promise<void> {
  for (const stop of stops.toReversed()) await stop().catch((error) => console.error(error.message));
}

function end(exitCode: number): void {
  stopping ??= stopAll().then(() => process.exit(exitCode));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(0));
watchAncestors(() => end(0));

try {
  const ports = portsFrom(env.CLARITY_PORT);
  await endLeftovers(dataDir);
  // PostgreSQL's own port is looked at when it starts: a server left behind by a kill is ours to stop.
  const taken = await firstTaken(ports, [
    "edge",
    "server",
    "provider",
    "netsuite",
    "d365",
    "mailbox",
    "smtp",
  ]);
  if (taken) throw new Error(explainTaken(taken, ports));
  buildWidget(root, console.log);
  buildPortal(root, console.log);
  const addresses = addressesOf(ports);
  await startAll({
    root,
    dataDir,
    databaseUrl: env.DATABASE_URL,
    ports,
    addresses,
    report: console.log,
    onStarted: (stop) => stops.push(stop),
  });
  if (!stopping) {
    const { edge, acme, globex, netsuite, d365, website, provider, mailbox } = addresses;
    console.log(`
  start here            ${edge}/
  NetSuite look-alike   ${netsuite}/app/center/card.nl?customer=1042
  D365 look-alike       ${d365}/main.aspx?pagetype=entityrecord&etn=account
  a page of many hands  ${website}/website/billing
  Acme's portal         ${acme}/portal (ada@acme.test)
  Globex's portal       ${globex}/portal (gus@globex.test)
  sandbox provider      ${provider}/
  mailbox               ${mailbox}/mail
  logs                  ${join(dataDir, "logs")}
`);
    console.log(`ready ${edge}/`);
  }
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    end(1);
  }
}
