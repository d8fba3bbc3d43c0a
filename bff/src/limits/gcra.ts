import type { Redis } from "ioredis";
import { LRUCache } from "lru-cache";

/** `atOnce` pass from rest, then one every `everyMs`, milliseconds. */
export interface Rate {
  atOnce: number;
  everyMs: number;
}

/**
 * What asking does:
 *
 * - `asks`: takes no room
 * - `counts`: takes room where there is some
 * - `charges`: takes room, there or not: what it is for has happened
 */
export type Asking = "asks" | "counts" | "charges";

/**
 * The generic cell rate algorithm (ITU-T I.371). What passes of a flood is spread evenly, where a count by the minute
 * or second would let it in by doses that its neighbours feel. All that is kept of a key is when it will be at rest.
 */
export interface Gcra {
  /** @returns 0: it passes. Else how long until one will, milliseconds */
  ask(input: { key: string; rate: Rate; asking: Asking }): Promise<number>;
}

/** Keys remembered in a process; who is pushed out starts from rest. */
const rememberedKeys = 100_000;

/** @param now milliseconds of a clock that only goes forward */
export function gcraInMemory(now: () => number = () => performance.now()): Gcra {
  const restsAt = new LRUCache<string, number>({ max: rememberedKeys });
  return {
    async ask({ key, rate: { atOnce, everyMs }, asking }) {
      const at = now();
      const rests = Math.max(restsAt.get(key) ?? at, at);
      const waitMs = rests - at - everyMs * (atOnce - 1);
      if (waitMs > 0 && asking !== "charges") return waitMs;
      if (asking !== "asks") restsAt.set(key, rests + everyMs);
      return 0;
    },
  };
}

/** By the clock of Redis, in microseconds: edges' own clocks differ. Whole numbers, which Lua prints with 14 digits unless told. */
const script = `
local time = redis.call('TIME')
local at = time[1] * 1000000 + time[2]
local every, atOnce = tonumber(ARGV[1]), tonumber(ARGV[2])
local rests = math.max(tonumber(redis.call('GET', KEYS[1]) or at), at)
local wait = rests - at - every * (atOnce - 1)
if wait > 0 and ARGV[3] ~= 'charges' then return wait end
if ARGV[3] ~= 'asks' then
  local keepMs = math.max(1, math.ceil((rests + every - at) / 1000))
  redis.call('SET', KEYS[1], string.format('%.0f', rests + every), 'PX', keepMs)
end
return 0`;

/** One for all who share the Redis. @throws whatever the client does when Redis does not answer */
export function gcraInRedis(redis: Redis): Gcra {
  return {
    async ask({ key, rate: { atOnce, everyMs }, asking }) {
      const every = Math.round(everyMs * 1_000);
      const waitUs = (await redis.eval(script, 1, key, every, atOnce, asking)) as number;
      return waitUs / 1_000;
    },
  };
}
