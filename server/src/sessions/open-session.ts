import { CardBrand, type CardMethod, type OpenedSession, type OpenSession } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { type Refused, refused } from "../context/refusal.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { exponentOf } from "../money/money.ts";
import { unfinishedPayment } from "../payments/unfinished-payment.ts";
import { SettingMissing } from "../tenant/errors.ts";
import { currentTheme } from "../themes/current-theme.ts";
import { claimToken, releaseToken } from "./claim-token.ts";
import type { Jwks } from "./jwks.ts";
import { negotiateLocale } from "./locale.ts";
import { type EmbedGrant, type FindEmbedKey, verifyEmbedToken } from "./verify-embed-token.ts";

export interface OpenSessionInput extends OpenSession {
  findKey: FindEmbedKey;
  jwks: Jwks;
}

export type OpenSessionResult = ({ kind: "opened" } & OpenedSession) | Refused;

/**
 * Trades an embed token for a session and everything its first paint needs. The token is used up only
 * when a session comes of it, and opens it again for the same browser key.
 * @returns refused `token_invalid`, `token_expired`, `token_replayed`; `not_found` (no such customer);
 * `erp_unavailable`; `unavailable`
 * @throws TenantUnavailable
 */
export async function openSession({
  ctx,
  input,
}: {
  ctx: Context;
  input: OpenSessionInput;
}): Promise<OpenSessionResult> {
  const grant = await verifyEmbedToken(input.embedToken, { ...input, now: ctx.now() });
  if (grant.kind === "refused") return grant;
  const claim = { grant, embedToken: input.embedToken, jkt: input.jkt };
  if (!(await claimToken({ ctx, input: claim }))) return refused("token_replayed");
  try {
    const view = await firstPaint(ctx, grant, input.locales);
    if (!("kind" in view)) {
      return { kind: "opened", grant: { subject: grant.subject, invoices: grant.invoices }, view };
    }
    await releaseToken({ ctx, input: claim });
    return view;
  } catch (error) {
    await releaseToken({ ctx, input: claim }).catch(() => {});
    throw error;
  }
}

async function firstPaint(
  ctx: Context,
  { subject: customerId, invoices: allowedInvoices }: EmbedGrant,
  locales: readonly string[],
): Promise<OpenedSession["view"] | Refused> {
  const { settings } = ctx;
  const [listed, theme, unfinished] = await Promise.all([
    listInvoices({ ctx, input: { customerId, allowedInvoices, live: true } }),
    currentTheme({ ctx }),
    unfinishedPayment({ ctx, input: { customerId, allowedInvoices } }),
  ]);
  if (listed.kind === "refused") return listed;
  const { invoices, asOf } = listed.list;
  return {
    seller: { name: await sellerName(ctx), supportEmail: await settings.get("seller.supportEmail") },
    customer: { id: customerId, name: listed.customerName },
    locale: negotiateLocale(locales, await settings.get("seller.locale")),
    theme: {
      hash: theme.hash,
      css: theme.css,
      layout: theme.layout,
      frame: { light: theme.light, dark: theme.dark },
    },
    currencies: exponentsOf([...invoices, ...(unfinished ? [unfinished] : [])]),
    invoices,
    invoicesAsOf: asOf,
    methods: await methodsOf(ctx),
    surcharge: await settings.get("surcharge.rules"),
    flags: await ctx.flags.all(customerId),
    unfinishedPayment: unfinished,
  };
}

const exponentsOf = (amounts: readonly { currency: string }[]) =>
  Object.fromEntries(amounts.map(({ currency }) => [currency, exponentOf(currency)]));

/** The tenant's own name until it says what payers shall read. */
async function sellerName(ctx: Context): Promise<string> {
  try {
    return await ctx.settings.get("seller.name");
  } catch (error) {
    if (error instanceof SettingMissing) return ctx.tenant.name;
    throw error;
  }
}

/** Cards, once a provider is set up. The publishable key travels in the frame's address. */
async function methodsOf(ctx: Context): Promise<CardMethod[]> {
  const provider = await ctx.settings.get("provider");
  if (!provider) return [];
  const frameUrl = new URL(provider.frameUrl);
  frameUrl.searchParams.set("key", provider.publishableKey);
  const brands = CardBrand.options.filter((brand) => brand !== "unknown");
  return [{ type: "card", frameUrl: frameUrl.href, brands }];
}
