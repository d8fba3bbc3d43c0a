import { hash } from "node:crypto";
import { type CompiledTheme, cssVariables } from "@clarity/themes";
import type { PortalFace } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";
import { sellerOf } from "../context/seller.ts";
import { currentTheme } from "./current-theme.ts";

/** How the tenant's portal looks before anybody has signed in: its name, its language, its colours. */
export async function portalFace({ ctx }: { ctx: Context }): Promise<PortalFace> {
  const { name } = await sellerOf(ctx);
  const read = () => ctx.settings.get("seller.locale");
  const locale = await doWithout({ ctx, input: { what: "seller.locale", otherwise: "en" as const, read } });
  return { name, locale, theme: themeOf(await currentTheme({ ctx })) };
}

/** By compiled theme: the same one is the same object for as long as it is kept. */
const made = new WeakMap<CompiledTheme, PortalFace["theme"]>();

function themeOf(theme: CompiledTheme): PortalFace["theme"] {
  const known = made.get(theme);
  if (known) return known;
  const css = cssVariables(theme);
  const { primary, "on-primary": onPrimary } = theme.email;
  const face = { hash: hash("sha256", css, "hex").slice(0, 32), css, primary, onPrimary };
  made.set(theme, face);
  return face;
}
