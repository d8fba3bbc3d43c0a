import { ErpError } from "../connector.ts";
import type { ErpClient } from "../transport/client.ts";
import type { ErpTiming } from "../transport/timing.ts";
import type { NetsuiteConfig } from "./config.ts";
import type { Features } from "./features.ts";
import { suiteql } from "./literals.ts";
import type { SuiteQL } from "./suiteql.ts";

/** What every part of this connector works with. */
export interface Account {
  client: ErpClient;
  ask: SuiteQL;
  features: Features;
  currencies: Currencies;
  config: NetsuiteConfig;
  timing: ErpTiming;
}

export interface Currencies {
  /** Internal id of a currency; null: the account does not know it. */
  idOf(isoCode: string, signal: AbortSignal): Promise<string | null>;
}

/** They never change; a code that is not there is asked for again. */
export function createCurrencies(ask: SuiteQL): Currencies {
  let known = new Map<string, string>();
  return {
    async idOf(isoCode, signal) {
      if (!known.has(isoCode)) {
        const rows = await ask({ query: suiteql`SELECT c.id, c.symbol FROM currency c`, signal });
        known = new Map(rows.map(({ id = "", symbol = "" }) => [symbol, id]));
      }
      return known.get(isoCode) ?? null;
    },
  };
}

/** The only currency of an account without the Multiple Currencies feature. @throws ErpError when nobody said it */
export function baseCurrency({ config }: Account): string {
  if (config.baseCurrency) return config.baseCurrency;
  throw new ErpError(
    "protocol",
    "the account has one currency and SuiteQL does not say which: name it in the setting's baseCurrency",
  );
}
