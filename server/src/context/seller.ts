import { longest, plainLine } from "../../contract/index.ts";
import { SettingMissing } from "../tenant/errors.ts";
import type { Context } from "./context.ts";
import { doWithout } from "./do-without.ts";

/** Who sells, as payers and receipts are told. */
export interface Seller {
  /** The tenant's own name until it says what payers shall read. */
  name: string;
  supportEmail: string | null;
  /** IANA: whose day it is. */
  timeZone: string;
}

export async function sellerOf(ctx: Context): Promise<Seller> {
  const { settings, tenant } = ctx;
  const name = () =>
    settings.get("seller.name").catch((error) => {
      if (error instanceof SettingMissing) return plainLine(tenant.name, longest.name);
      throw error;
    });
  const address = () => settings.get("seller.supportEmail");
  return {
    name: await doWithout({ ctx, input: { what: "seller.name", otherwise: tenant.name, read: name } }),
    supportEmail: await doWithout({
      ctx,
      input: { what: "seller.supportEmail", otherwise: null, read: address },
    }),
    timeZone: await timeZoneOf(ctx),
  };
}

/** The seller's calendar; a day that is off by one is better than no receipt. */
export const timeZoneOf = (ctx: Context): Promise<string> =>
  doWithout({
    ctx,
    input: { what: "seller.timeZone", otherwise: "UTC", read: () => ctx.settings.get("seller.timeZone") },
  });
