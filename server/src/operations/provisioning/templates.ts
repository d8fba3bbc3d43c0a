import type { PresetId } from "@clarity/themes";
import { z } from "zod";
import type { SettingKey, SettingValue } from "../../tenant/settings.ts";

/** What a new tenant starts with; afterwards it is the tenant's own. */
export interface TenantTemplate {
  readonly help: string;
  readonly theme: PresetId;
  readonly settings: { readonly [K in SettingKey]?: SettingValue<K> };
}

export const TemplateName = z.enum(["netsuite-order-to-cash", "d365-fo-enterprise", "basic-invoice"]);
export type TemplateName = z.infer<typeof TemplateName>;

/** Card schemes and US state law allow credit surcharges up to 4 %, never on debit or prepaid. */
const creditSurcharge = (basisPoints: number): SettingValue<"surcharge.rules"> => [
  { brand: "any", funding: "credit", basisPoints },
];

export const templates: Record<TemplateName, TenantTemplate> = {
  "netsuite-order-to-cash": {
    help: "Invoices from NetSuite, payments posted as customer payments, 2.5 % on credit cards.",
    theme: "fjord",
    settings: { "surcharge.rules": creditSurcharge(250), "seller.locale": "en" },
  },
  "d365-fo-enterprise": {
    help: "Invoices from Dynamics 365 Finance, payments posted to a payment journal, 2 % on credit cards, Amex 3 %.",
    theme: "plain",
    settings: {
      "surcharge.rules": [{ brand: "amex", funding: "credit", basisPoints: 300 }, ...creditSurcharge(200)],
      "seller.locale": "en",
    },
  },
  "basic-invoice": {
    help: "No ERP, no surcharge.",
    theme: "plain",
    settings: { "seller.locale": "en" },
  },
};
