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

/** Probes come from many balancers; the registry is asked once in this time, ms. */
const rememberMs = 1_000;
/** A registry that takes longer is not there, ms. */
const timeoutMs = 1_000;
/** A master key that fits is not tried again for this long, ms; another one is, the file may be put back. */
const rememberKeyMs = { fits: 60_000, other: 1_000 };

/**
 * Whether requests should come here. A registry that is down does not make a server that remembers tenants
 * unready: every server would leave the balancer at once, and tenants that could be served would not be. Nor do
 * tenants behind the code's schema: they alone are refused. Nor does a key service that does not answer. All are told
 * as `degraded`. A master key that opens nothing of what the registry knows makes it unready: no request would be served.
 */
export function createReadiness(options: {
  registry: Registry;
  /** Default `shared`. */
  audience?: string;
  /** Default: no worker, never stopping. */
  process?: ProcessState | undefined;
}): () => Promise<Readiness> {
  const { registry, audience = sharedAudience, process } = options;
  let asked: { at: number; misfits: Promise<Readiness["checks"]["tenants"]> } | null = null;

  const misfits = () => {
    if (!asked || asked.at + rememberMs < Date.now()) {
      const input = { audience, minimum: minimumSchemaVersion(), latest: latestSchemaVersion() };
      const answer = Promise.race([countMisfits({ registry, input }), silence()]);
      asked = { at: Date.now(), misfits: answer.catch(() => null) };
    }
    return asked.misfits;
  };

  const keyFit = createKeyFit(registry);

  return async () => {
    const [tenants, masterKey] = await Promise.all([misfits(), keyFit()]);
    const checks: Readiness["checks"] = {
      process: process?.stopping() ? "stopping" : "ok",
      registry: tenants ? "ok" : registry.servesFromMemory() ? "remembered" : "unreachable",
      worker: process ? (process.workerRunning() ? "ok" : "restarting") : "none",
      masterKey,
      tenants,
    };
    return { status: judge(checks), checks };
  };
}

function judge(checks: Readiness["checks"]): Readiness["status"] {
  const { process, registry, worker, masterKey, tenants } = checks;
  if (process === "stopping" || registry === "unreachable") return "unavailable";
  if (masterKey === "wrong" || masterKey === "missing") return "unavailable";
  const misfit = tenants !== null && tenants.behind + tenants.ahead > 0;
  const keyUnknown = masterKey === "unreachable" || masterKey === null;
  const degraded = registry === "remembered" || worker === "restarting" || keyUnknown || misfit;
  return degraded ? "degraded" : "ok";
}

/** One question at a time; while it is under way, or the registry is down, what was known before counts. */
function createKeyFit(registry: Registry): () => Promise<MasterKeyFit | null> {
  let known: { fit: MasterKeyFit; until: number } | null = null;
  let asking: Promise<unknown> | null = null;
  return async () => {
    if (known && known.until > Date.now()) return known.fit;
    asking ??= masterKeyFit(registry)
      .then((fit) => {
        known = { fit, until: Date.now() + rememberKeyMs[fit === "fits" ? "fits" : "other"] };
      })
      .catch(() => {})
      .finally(() => {
        asking = null;
      });
    await Promise.race([asking, silence()]);
    return known?.fit ?? null;
  };
}

const silence = () => new Promise<null>((resolve) => setTimeout(resolve, timeoutMs, null).unref());
