import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { SignJWT } from "jose";
import { findEmbedKey, listEmbedKeys } from "../sessions/embed-keys.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type CommonOptions, openBySlug, type Run } from "./run.ts";

interface MintOptions extends CommonOptions {
  customer: string;
  invoices?: string[];
  ttl: number;
  key?: string;
  secretFile?: string;
}

/** The longest an embed token may live, s; the server refuses longer ones. */
const maximumTtlSeconds = 600;

export function tokenCommand(run: Run): Command {
  const token = new Command("token").description("embed tokens, for trying out");
  token
    .command("mint <tenant>")
    .description("sign an embed token as the ERP would, HS256")
    .requiredOption("--customer <id>", "the ERP's customer id")
    .option("--invoices <ids>", "limit it to these invoice ids, separated by commas", (ids) => ids.split(","))
    .option("--ttl <seconds>", "how long it may be used", parseTtl, maximumTtlSeconds)
    .option("--key <id>", "which embed key; default the newest HS256 one")
    .option("--secret-file <file>", "sign with this secret instead of the stored one; needs --key")
    .option("--json")
    .action(mint(run));
  return token;
}

const mint = (run: Run) => (slug: string, options: MintOptions) =>
  run(options, async (operator) => {
    const tenant = await openBySlug(operator, slug);
    const { id, secret } = await signingKey(tenant, options);
    const now = Math.floor(Date.now() / 1_000);
    const expiresAt = now + options.ttl;
    const token = await new SignJWT(options.invoices ? { invoices: options.invoices } : {})
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(id)
      .setAudience("pay")
      .setSubject(options.customer)
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .setJti(randomUUID())
      .sign(secret);
    await operator.registry.audit({
      actor: operator.actor,
      action: "token.mint",
      tenantId: tenant.tenant.id,
      detail: { embedKey: id },
    });
    return { json: { token, expiresAt: new Date(expiresAt * 1_000).toISOString() }, text: token };
  });

async function signingKey(
  open: OpenTenant,
  options: MintOptions,
): Promise<{ id: string; secret: Uint8Array }> {
  if (options.secretFile !== undefined) {
    if (!options.key) throw new Error("--secret-file needs --key: the token's `iss` names the key");
    return { id: options.key, secret: readFileSync(options.secretFile) };
  }
  const usable = (await listEmbedKeys({ ctx: open })).filter(
    ({ kind, revokedAt }) => kind === "secret" && !revokedAt,
  );
  const id = options.key ?? usable[0]?.id;
  if (!id)
    throw new Error(`${open.tenant.slug} has no HS256 embed key: clarity embed-key add ${open.tenant.slug}`);
  const found = await findEmbedKey({ db: open.db, keys: open.keys, id });
  if (found?.key.kind !== "secret") throw new Error(`no HS256 embed key ${id} in use`);
  return { id, secret: found.key.secret };
}

function parseTtl(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maximumTtlSeconds) return seconds;
  throw new InvalidArgumentError(`1 to ${maximumTtlSeconds} seconds`);
}
