import { setTimeout as delay } from "node:timers/promises";
import { sharedAudience } from "../../contract/index.ts";
import { countMisfits } from "../registry/count-misfits.ts";
import { type MasterKeyFit, masterKeyFit } from "../registry/master-key-fits.ts";
import type { Registry } from "../registry/registry.ts";
import { latestSchemaVersion, minimumSchemaVersion } from "../tenant/schema.ts";

/** What the process knows of itself. */
export interface ProcessState {
  /** It has been asked to stop: no new requests, please. */
  stopping(): boolean;
  /** The job queue is connected; its loss is repaired by itself. */
  workerRunning(): boolean;
}

/** `GET /readyz`: each check by name, in words of a closed list; nothing internal. */
export interface Readiness {
  /** `degraded`: requests are served, and somebody should look. `unavailable`: send them elsewhere. */
  status: "ok" | "degraded" | "unavailable";
  checks: {
    process: "ok" | "stopping";
    /** `remembered`: down, and tenants seen before are served from memory. */
    registry: "ok" | "remembered" | "unreachable";
    worker: "ok" | "restarting" | "none";
    /** What the master key here is to the registry; null: that could not be asked. */
    masterKey: MasterKeyFit | null;
    /** Whether this code can open the tenants sent to it. null: the registry could not be asked. */
    tenants: { behind: number; ahead: number } | null;
  };
}

/** Every probe is answered within 300 ms: what is not known by then is told as it was known before, ms. */
const patienceMs = 150;
/** Probes come from many balancers; the registry is asked once in this time, ms. */
const rememberMs = 1_000;
/** A registry that takes longer is not there, ms; a key service may be far. */
const timeoutMs = { registry: 1_000, key: 10_000 };
/** What was known this long ago is known no more, ms. */
const staleMs = 15_000;
/** A master key that fits is not tried again for this long, ms; another one is, the file may be put back. */
const rememberKeyMs = { fits: 60_000, other: 1_000 };

/**
 * Whether requests should come here. A registry that is down does not make a server that remembers tenants
 * unready: every server would leave the balancer at once, and tenants that could be served would not be. Nor do
 * some tenants that this code cannot open: they alone are refused. Nor does a key service that does not answer. All
 * are told as `degraded`. What makes it unready is what leaves nobody to serve: a master key that opens nothing of what
 * the registry knows, and code that can open no active tenant, be it too new for their schemas or too old.
 */
export function createReadiness(options: {
  registry: Registry;
  /** Default `shared`. */
  audience?: string;
  /** Default: no worker, never stopping. */
  process?: ProcessState | undefined;
}): () => Promise<Readiness> {
  const { registry, audience = sharedAudience, process } = options;
  const input = { audience, minimum: minimumSchemaVersion(), latest: latestSchemaVersion() };
  const misfits = createQuestion({
    ask: () => countMisfits({ registry, input }),
    rememberMs: () => rememberMs,
    timeoutMs: timeoutMs.registry,
  });
  const keyFit = createQuestion({
    ask: () => masterKeyFit(registry),
    rememberMs: (fit) => rememberKeyMs[fit === "fits" ? "fits" : "other"],
    timeoutMs: timeoutMs.key,
  });

  return async () => {
    const [found, fit] = await Promise.all([misfits(), keyFit()]);
    const answers = found.last !== null && !found.failing && found.ageMs < staleMs;
    const checks: Readiness["checks"] = {
      process: process?.stopping() ? "stopping" : "ok",
      registry: answers ? "ok" : registry.servesFromMemory() ? "remembered" : "unreachable",
      worker: process ? (process.workerRunning() ? "ok" : "restarting") : "none",
      masterKey: fit.last,
      tenants: found.last && answers ? { behind: found.last.behind, ahead: found.last.ahead } : null,
    };
    // Schemas do not change because the registry has gone.
    return { status: judge(checks, found.last?.opensNone ?? false), checks };
  };
}

function judge(checks: Readiness["checks"], opensNone: boolean): Readiness["status"] {
  const { process, registry, worker, masterKey, tenants } = checks;
  if (process === "stopping" || registry === "unreachable" || opensNone) return "unavailable";
  if (masterKey === "wrong" || masterKey === "missing") return "unavailable";
  const misfit = tenants !== null && tenants.behind + tenants.ahead > 0;
  const keyUnknown = masterKey === "unreachable" || masterKey === null;
  const degraded = registry === "remembered" || worker === "restarting" || keyUnknown || misfit;
  return degraded ? "degraded" : "ok";
}

interface Known<T> {
  /** The last answer there was; null: none yet. */
  last: T | null;
  /** Of `last`. */
  ageMs: number;
  /** Asked since, and refused or not answered in time. */
  failing: boolean;
}

/** Something that is asked one at a time, and of which a probe is told what is known while it is asked. */
function createQuestion<T>(input: {
  ask: () => Promise<T>;
  rememberMs: (answer: T) => number;
  timeoutMs: number;
}): () => Promise<Known<T>> {
  let last: { answer: T; at: number } | null = null;
  let failing = false;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    try {
      const answer = await Promise.race([input.ask(), silence(input.timeoutMs)]);
      last = { answer, at: performance.now() };
      failing = false;
    } catch {
      failing = true;
    } finally {
      asking = null;
    }
  }

  const ageMs = () => (last ? performance.now() - last.at : Number.POSITIVE_INFINITY);
  return async () => {
    if (failing || last === null || ageMs() >= input.rememberMs(last.answer)) {
      asking ??= ask();
      await Promise.race([asking, delay(patienceMs, null, { ref: false })]);
    }
    return { last: last?.answer ?? null, ageMs: ageMs(), failing };
  };
}

const silence = (timeoutMs: number) =>
  delay(timeoutMs, null, { ref: false }).then(() => {
    throw new Error(`no answer for ${timeoutMs} ms`);
  });
