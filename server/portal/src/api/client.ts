import type { Me, Problem } from "@clarity/server/contract";
import { Failure } from "./problem.ts";

/** How long an answer is waited for, ms; a change may ask a provider and an ERP meanwhile. */
const patienceMs = { read: 15_000, change: 30_000 };

/** The token for changes; it comes with `me`. */
let csrfToken = "";

/** Told when a session has ended, wherever that was noticed; and when a change asks for a second proof. */
export interface Listener {
  ended(): void;
  /** @returns whether it was given: the change is tried once more then */
  proof(): Promise<boolean>;
}
let listener: Listener = { ended: () => {}, proof: async () => false };
export const listen = (to: Listener): void => {
  listener = to;
};

/** Reads; `path` behind `/portal/v1`. @throws Failure */
export const get = <T>(path: string): Promise<T> => send<T>(path, "GET");

/** Changes something, with a second proof where it asks for one. @throws Failure */
export async function change<T>(path: string, method: "POST" | "PUT" | "DELETE", body?: object): Promise<T> {
  try {
    return await send<T>(path, method, body);
  } catch (error) {
    const asks = error instanceof Failure && error.code === "step_up_needed";
    if (!asks || !(await listener.proof())) throw error;
    return send<T>(path, method, body);
  }
}

export async function readMe(): Promise<Me> {
  const me = await get<Me>("/me");
  csrfToken = me.csrfToken;
  return me;
}

async function send<T>(path: string, method: string, body?: object): Promise<T> {
  const answer = await ask(path, method, body);
  const value: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return value as T;
  const problem = value as Partial<Problem>;
  const code = problem.code ?? "internal";
  if (code === "token_missing" || code === "token_invalid") listener.ended();
  throw new Failure(code, problem);
}

async function ask(path: string, method: string, body?: object): Promise<Response> {
  const headers = {
    ...(body && { "content-type": "application/json" }),
    ...(method !== "GET" && csrfToken && { "x-csrf-token": csrfToken }),
  };
  const init = {
    method,
    headers,
    signal: AbortSignal.timeout(patienceMs[method === "GET" ? "read" : "change"]),
    cache: "no-store",
  } as const;
  try {
    return await fetch(`/portal/v1${path}`, body ? { ...init, body: JSON.stringify(body) } : init);
  } catch {
    throw new Failure("network");
  }
}
