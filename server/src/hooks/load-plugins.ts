import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Hooks, Plugin } from "./plugin.ts";
import { stepNames } from "./run.ts";

/**
 * Imports every tenant's plugin, `<dir>/<slug>.ts` or `.js`, once, at start-up: a payment must never
 * be the first to find out that a plugin is broken. A folder that is not there holds no plugins.
 *
 * @returns the hooks of a tenant by slug; none for a tenant without a plugin.
 * @throws Error naming the tenant whose plugin cannot be loaded, and why.
 */
export async function loadPlugins(dir: string): Promise<(slug: string) => Hooks> {
  const hooks = new Map<string, Hooks>();
  for (const file of existsSync(dir) ? readdirSync(dir).sort() : []) {
    const slug = /^([a-z0-9][a-z0-9-]*)\.(?:ts|js)$/.exec(file)?.[1];
    if (!slug) continue;
    if (hooks.has(slug)) throw new Error(`tenant ${slug} has two plugins, .js and .ts: keep one`);
    hooks.set(slug, await loadPlugin(slug, resolve(join(dir, file))));
  }
  const none: Hooks = {};
  return (slug) => hooks.get(slug) ?? none;
}

async function loadPlugin(slug: string, path: string): Promise<Hooks> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    const wrong = faultOf(module.default);
    if (wrong) throw new Error(wrong);
    return Object.freeze((module.default as Plugin).hooks);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the plugin of tenant ${slug} cannot be loaded (${path}): ${reason}`, { cause });
  }
}

function faultOf(plugin: unknown): string | null {
  if (!isObject(plugin)) return "its default export is no plugin: use definePlugin";
  if (typeof plugin.name !== "string" || plugin.name === "") return "it has no name";
  if (!isObject(plugin.hooks)) return "it has no hooks";
  for (const [step, hooks] of Object.entries(plugin.hooks)) {
    if (!(stepNames as string[]).includes(step)) {
      return `there is no step ${step}; the steps are ${stepNames.join(", ")}`;
    }
    if (!isObject(hooks)) return `the hooks of ${step} are no object`;
    for (const [phase, hook] of Object.entries(hooks)) {
      if (phase !== "before" && phase !== "after") return `${step}.${phase} is neither before nor after`;
      if (typeof hook !== "function") return `${step}.${phase} is no function`;
    }
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
