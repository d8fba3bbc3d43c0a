import { LRUCache } from "lru-cache";
import { isUnavailable } from "../database/client.ts";
import { registryLookups } from "../telemetry/metrics.ts";
import { RegistryUnavailable } from "./errors.ts";
import type { TenantRecord } from "./tenant-record.ts";

/** How long a found tenant is not asked for again, ms. */
export const defaultFreshMs = 5_000;

export interface RegistryCacheOptions {
  /**
   * How long a found tenant is not asked for again. Default 5 s; a change in the registry ends it at once.
   * 0 remembers nothing but what a registry that is down needs; not even that a name is nobody's.
   */
  freshMs?: number;
  /** How long a known tenant is served while the registry is down. Default 1 h. */
  staleMs?: number;
  /** Most tenants remembered, per way of asking. Default 10,000. */
  maxEntries?: number;
}

interface Entry {
  record: TenantRecord;
  /** A later question's answer is not replaced by an earlier one's. */
  askedAt: number;
  freshUntil: number;
  staleUntil: number;
}

/** Begins the key of what was asked for by host name. */
export const hostKey = "host:";

/** Between two tries of a registry that is down, ms: requests do not queue up behind it. */
const retryAfterFailureMs = 1_000;
/** A registry that says nothing is down after this long, ms; sooner when there is something to serve. */
const loadTimeoutMs = 3_000;
const refreshTimeoutMs = 500;
/** A name nobody has is remembered this long, ms. */
const unknownMs = 1_000;

/**
 * Remembers what was found. While the registry is down, tenants seen before are still served and
 * all others refused. Names that do not exist are kept apart, so that asking for many of them
 * cannot push out real tenants.
 */
export class RegistryCache {
  readonly #known: LRUCache<string, Entry>;
  readonly #unknown: LRUCache<string, true>;
  readonly #loading = new Map<string, Promise<TenantRecord | null>>();
  /** Counts questions and the registry's changes: what was asked before a change is not fresh after it. */
  #turn = 0;
  #changedAt = 0;
  readonly #freshMs: number;
  readonly #staleMs: number;

  constructor(options: RegistryCacheOptions = {}) {
    this.#freshMs = options.freshMs ?? defaultFreshMs;
    this.#staleMs = options.staleMs ?? 3_600_000;
    this.#known = new LRUCache({ max: options.maxEntries ?? 10_000 });
    this.#unknown = new LRUCache({ max: 1_000, ttl: unknownMs });
  }

  /** @throws RegistryUnavailable when it must ask and cannot. */
  async get(key: string, load: () => Promise<TenantRecord | null>): Promise<TenantRecord | null> {
    const entry = this.#known.get(key);
    if (entry && entry.freshUntil > Date.now()) {
      registryLookups.inc({ result: "remembered" });
      return entry.record;
    }
    if (!entry && this.#unknown.has(key)) return null;
    try {
      const found = await inTime(this.#loadOnce(key, load), entry ? refreshTimeoutMs : loadTimeoutMs);
      registryLookups.inc({ result: "loaded" });
      return found;
    } catch (cause) {
      if (!isUnavailable(cause) && !(cause instanceof Silence)) throw cause;
      const now = Date.now();
      if (!entry || entry.staleUntil < now) {
        registryLookups.inc({ result: "failed" });
        throw new RegistryUnavailable("the registry cannot be reached", { cause });
      }
      entry.freshUntil = now + retryAfterFailureMs;
      registryLookups.inc({ result: "stale" });
      return entry.record;
    }
  }

  /** The registry changed: everything is asked for again, and kept in case it goes down. */
  expire(): void {
    for (const entry of this.#known.values()) entry.freshUntil = 0;
    this.#unknown.clear();
    this.#loading.clear();
    this.#changedAt = ++this.#turn;
  }

  /**
   * After a change: who was suspended or has moved meanwhile is known to be, though nobody ask before the registry
   * goes down.
   *
   * @param load answers those that are not as they are known; null: gone
   */
  async refresh(
    load: (known: readonly TenantRecord[]) => Promise<ReadonlyMap<string, TenantRecord | null>>,
  ): Promise<void> {
    const askedAt = ++this.#turn;
    const oldest = new Map<string, TenantRecord>();
    // One of a tenant's names may have been asked for since the change already, and others not.
    for (const { record } of this.#known.values()) {
      if ((oldest.get(record.id)?.updatedAt ?? Infinity) > record.updatedAt) oldest.set(record.id, record);
    }
    const changed = await load([...oldest.values()]);
    const staleUntil = Date.now() + this.#staleMs;
    for (const [key, entry] of [...this.#known.entries()]) {
      if (entry.askedAt > askedAt) continue;
      const record = changed.get(entry.record.id);
      if (record === null || (record && !answersTo(record, key))) this.#known.delete(key);
      else Object.assign(entry, { askedAt, staleUntil, ...(record && { record }) });
    }
  }

  /** Some tenant would still be served if the registry were down. */
  holdsAny(): boolean {
    for (const { staleUntil } of this.#known.values()) if (staleUntil > Date.now()) return true;
    return false;
  }

  #loadOnce(key: string, load: () => Promise<TenantRecord | null>): Promise<TenantRecord | null> {
    const running = this.#loading.get(key);
    if (running) return running;
    const askedAt = ++this.#turn;
    const loading = inTime(load(), loadTimeoutMs)
      .then((record) => {
        this.#keep(key, record, askedAt);
        return record;
      })
      .finally(() => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      });
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, record: TenantRecord | null, askedAt: number): void {
    if ((this.#known.peek(key)?.askedAt ?? 0) > askedAt) return;
    const current = askedAt > this.#changedAt;
    // No refresh after the change knew of it, and it may have been that change.
    if (!current && !this.#known.has(key)) return;
    if (!record) {
      this.#known.delete(key);
      if (this.#freshMs > 0) this.#unknown.set(key, true);
      return;
    }
    const now = Date.now();
    this.#unknown.delete(key);
    const freshUntil = current ? now + this.#freshMs : 0;
    this.#known.set(key, { record, askedAt, freshUntil, staleUntil: now + this.#staleMs });
  }
}

/** A tenant that changed may answer at a host name no longer, and another may. */
const answersTo = ({ hosts }: TenantRecord, key: string): boolean =>
  !key.startsWith(hostKey) || hosts.includes(key.slice(hostKey.length));

class Silence extends Error {}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Silence(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
