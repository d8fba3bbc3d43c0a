import {
  CardBrand,
  type CardMethod,
  type OpenedSession,
  type OpenSession,
  type Refused,
  refused,
} from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";
import { sellerOf } from "../context/seller.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { exponentOf, unusualExponents } from "../money/money.ts";
import { minimumOf } from "../payments/limits/minimum.ts";
import { unfinishedPayments } from "../payments/unfinished-payments.ts";
import type { SettingValue } from "../tenant/settings.ts";
import { currentTheme } from "../themes/current-theme.ts";
import { claimToken, releaseToken } from "./claim-token.ts";
import { earlyMethods } from "./early-methods.ts";
import type { Jwks } from "./jwks.ts";
import { negotiateLocale } from "./locale.ts";
import { sessionLimits } from "./session-limits.ts";
import { type EmbedGrant, type FindEmbedKey, verifyEmbedToken } from "./verify-embed-token.ts";

export interface OpenSessionInput extends OpenSession {
  findKey: FindEmbedKey;
  jwks: Jwks;
}

const replayed =
  "the embed token was used before, by another page: mint one each time the page is opened, and keep the page out of caches";

export type OpenSessionResult = ({ kind: "opened" } & OpenedSession) | Refused;

/**
 * Trades an embed token for a session and everything its first paint needs. The token is used up only
 * when a session comes of it, and opens it again for the same browser key. Invoices come as the mirror has them, with its
 * age; the ERP is asked meanwhile, and `GET /v1/invoices` tells what it said.
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
  // One that has expired is authentic.
  if (grant.kind === "refused" && grant.code !== "token_expired") return grant;
  const opened = grant.kind === "refused" ? grant : await openFor(ctx, { grant, input });
  // Whoever brought an authentic token may know whose page it is.
  return opened.kind === "refused" ? { ...opened, seller: (await sellerOf(ctx)).name } : opened;
}

async function openFor(
  ctx: Context,
  { grant, input }: { grant: EmbedGrant; input: OpenSessionInput },
): Promise<OpenSessionResult> {
  const claim = { grant, embedToken: input.embedToken, jkt: input.jkt };
  if (!(await claimToken({ ctx, input: claim }))) return refused("token_replayed", { detail: replayed });
  try {
    const view = await firstPaint(ctx, grant, input.locales);
    if (!("kind" in view)) {
      const { subject, invoices, keyId } = grant;
      const limits = await sessionLimits({ ctx });
      return { kind: "opened", grant: { subject, invoices, keyId, limits }, view };
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
    listInvoices({ ctx, input: { customerId, allowedInvoices, live: true, waitMs: "forFirst" } }),
    currentTheme({ ctx }),
    unfinishedPayments({ ctx, input: { customerId, allowedInvoices } }),
  ]);
  if (listed.kind === "refused") return listed;
  const { invoices, asOf, freshness } = listed.list;
  const currencies = exponentsOf([...invoices, ...unfinished]);
  return {
    seller: await sellerOf(ctx),
    customer: { id: customerId, name: listed.customerName },
    locale: negotiateLocale(locales, await sellerLocale(ctx)),
    theme: {
      hash: theme.hash,
      css: theme.css,
      layout: theme.layout,
      frame: { light: theme.light, dark: theme.dark },
    },
    currencies,
    invoices,
    invoicesAsOf: asOf,
    invoicesFreshness: freshness,
    methods: await methodsOf(ctx),
    minimumMinor: minimumsOf(currencies, await settings.get("limits.minimum")),
    surcharge: await settings.get("surcharge.rules"),
    flags: await ctx.flags.all(customerId),
    unfinishedPayment: unfinished[0] ?? null,
    unfinishedPayments: unfinished,
  };
}

const exponentsOf = (amounts: readonly { currency: string }[]) => ({
  ...unusualExponents,
  ...Object.fromEntries(amounts.map(({ currency }) => [currency, exponentOf(currency)])),
});

const sellerLocale = (ctx: Context) =>
  doWithout({
    ctx,
    input: { what: "seller.locale", otherwise: "en" as const, read: () => ctx.settings.get("seller.locale") },
  });

const minimumsOf = (currencies: Record<string, number>, set: SettingValue<"limits.minimum">) =>
  Object.fromEntries(Object.keys(currencies).map((currency) => [currency, `${minimumOf(set, currency)}`]));

async function methodsOf(ctx: Context): Promise<CardMethod[]> {
  const brands = CardBrand.options.filter((brand) => brand !== "unknown");
  return earlyMethods(await ctx.settings.get("provider")).map((method) => ({ ...method, brands }));
}
