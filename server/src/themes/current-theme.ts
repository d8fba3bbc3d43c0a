import { type CompiledTheme, compileTheme, presets, ThemeSpec } from "@clarity/themes";
import { LRUCache } from "lru-cache";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";

/** By tenant and stored hash: compiling is pure, so an entry is never wrong. */
const compiled = new LRUCache<string, CompiledTheme>({ max: 1_000 });
const fallback = compileTheme(presets.plain);

/**
 * The theme the tenant published last; a neutral one until there is one, or while it cannot be read: a form and a
 * receipt are vital, their colours are not.
 */
export const currentTheme = ({ ctx }: { ctx: Context }): Promise<CompiledTheme> =>
  doWithout({ ctx, input: { what: "theme", otherwise: fallback, read: () => publishedTheme({ ctx }) } });

async function publishedTheme({ ctx }: { ctx: Context }): Promise<CompiledTheme> {
  const [row] = await ctx.db.query<{ tenant_id: string; hash: string; spec: unknown }>`
    select tenant_id, hash, spec from pay.themes
    where tenant_id = ${ctx.tenant.id}::uuid and published_at is not null
    order by published_at desc
    limit 1`;
  return row ? compileOnce(ctx, row) : fallback;
}

/** Compiles a stored spec; `hash` is its row's. @throws ZodError when the row holds no theme. */
export function compileOnce(ctx: Context, row: { hash: string; spec: unknown }): CompiledTheme {
  const key = `${ctx.tenant.id}:${row.hash}`;
  const known = compiled.get(key);
  if (known) return known;
  const theme = compileTheme(ThemeSpec.parse(row.spec));
  compiled.set(key, theme);
  return theme;
}
