import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Network } from "../../network/network.ts";
import { addEmbedKey, listEmbedKeys } from "../../sessions/embed-keys.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import type { Operator } from "../operator.ts";
import { edgeOrigins } from "./edge-origins.ts";
import { ask, ourScripts, seenPage } from "./seen-page.ts";

/**
 * A page that embeds a tenant's form, pinned to the build that its edge has now.
 *
 * @param input.edge where browsers reach the tenant; default: its first name, at the platform's edge
 * @returns HTML that asks `/pay-token` of its own origin for tokens
 * @throws TenantUnknown, TenantSuspended; Error when the edge does not answer
 */
export async function ownPage({
  ctx,
  input: { slug, network, edge },
}: {
  ctx: Operator;
  input: { slug: string; network: Network; edge?: string | undefined };
}): Promise<string> {
  const record = await ctx.registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  await ctx.tenants.open(record.id);
  const origin = edge ?? edgeOrigins(record, ctx.address)[0] ?? "";
  const answer = await ask(network, `${origin}/embed`);
  const scripts = answer.status === 200 ? ourScripts(seenPage(answer)) : [];
  const script = scripts.find(({ name }) => name === "pay-form.js");
  if (!script) throw new Error(`${origin} is no edge of ${slug}: it answers ${answer.status} to /embed`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your invoices</title>
<link rel="icon" href="data:,">
<script src="${script.url.href}"
        integrity="${script.tag.integrity}" crossorigin="anonymous" async></script>
<pay-form token-url="/pay-token"></pay-form>
</html>
`;
}

const serverFile = new URL("./own-page/server.mjs", import.meta.url);
/** As `embed-key.json` holds it. */
interface PageKey {
  id: string;
  secret: string;
  customer: string;
}

/**
 * The page in a folder, with a server of thirty lines that signs its tokens, by an embed key of its own. Run again it
 * keeps the key and pins the page anew.
 *
 * @throws as `ownPage`
 */
export async function writeOwnPage({
  ctx,
  input,
}: {
  ctx: Operator;
  input: { slug: string; network: Network; edge?: string | undefined; folder: string; customer: string };
}): Promise<{ folder: string; keyId: string }> {
  const { folder, customer } = input;
  const html = await ownPage({ ctx, input });
  const record = await ctx.registry.findBySlug(input.slug);
  const open = await ctx.tenants.open(record?.id ?? "");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "embed-key.json");
  const { id, secret } = (await keyIn(file, open)) ?? (await addPageKey(open));
  await writeFile(file, `${JSON.stringify({ id, secret, customer }, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  await writeFile(join(folder, "index.html"), html);
  await writeFile(join(folder, "server.mjs"), readFileSync(serverFile));
  return { folder, keyId: id };
}

/** Of an earlier run, while the tenant knows it. */
async function keyIn(file: string, open: OpenTenant): Promise<Pick<PageKey, "id" | "secret"> | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  const key = JSON.parse(text) as PageKey;
  const known = await listEmbedKeys({ ctx: open });
  return known.some(({ id, revokedAt }) => id === key.id && !revokedAt) ? key : null;
}

async function addPageKey(open: OpenTenant): Promise<Pick<PageKey, "id" | "secret">> {
  const { id, secret } = await addEmbedKey({ ctx: open, input: { algorithm: "HS256" } });
  return { id, secret: secret ?? "" };
}
