import { sharedAudience } from "../../contract/index.ts";
import { countMisfits } from "../registry/count-misfits.ts";
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
    /** Whether this code can open the tenants sent to it. null: the registry could not be asked. */
    tenants: { behind: number; ahead: number } | null;
  };
}

/** Probes come from many balancers; the registry is asked once in this time, ms. */
const rememberMs = 1_000;
/** A registry that takes longer is not there, ms. */
const timeoutMs = 1_000;

/**
 * Whether requests should come here. A registry that is down does not make a server that remembers tenants
 * unready: every server would leave the balancer at once, and tenants that could be served would not be. Nor do
 * tenants behind the code's schema: they alone are refused. Both are told as `degraded`.
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

  return async () => {
    const tenants = await misfits();
    const checks: Readiness["checks"] = {
      process: process?.stopping() ? "stopping" : "ok",
      registry: tenants ? "ok" : registry.servesFromMemory() ? "remembered" : "unreachable",
      worker: process ? (process.workerRunning() ? "ok" : "restarting") : "none",
      tenants,
    };
    return { status: judge(checks), checks };
  };
}

function judge({ process, registry, worker, tenants }: Readiness["checks"]): Readiness["status"] {
  if (process === "stopping" || registry === "unreachable") return "unavailable";
  const misfit = tenants !== null && tenants.behind + tenants.ahead > 0;
  return registry === "remembered" || worker === "restarting" || misfit ? "degraded" : "ok";
}

const silence = () => new Promise<null>((resolve) => setTimeout(resolve, timeoutMs, null).unref());
