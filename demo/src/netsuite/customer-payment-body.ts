import { z } from "zod";
import type { Features } from "./features.ts";

/** `{ "id": "4" }`, `{ "refName": … }` or a bare id. */
const Reference = z.union([
  z.object({ id: z.union([z.string(), z.number()]).transform(String), refName: z.string().optional() }),
  z.string().transform((id) => ({ id })),
  z.number().transform((id) => ({ id: String(id) })),
]);

const ApplyItem = z.looseObject({
  doc: Reference,
  apply: z.boolean().default(true),
  amount: z.number().optional(),
  line: z.number().int().optional(),
});

/** What of `customerPayment` the stand-in books; the rest is kept as it came. */
export const CustomerPaymentBody = z.looseObject({
  customer: Reference,
  payment: z.number().positive(),
  currency: Reference.optional(),
  externalId: z.string().max(255).optional(),
  tranDate: z.iso.date().optional(),
  memo: z.string().max(999).optional(),
  account: Reference.optional(),
  subsidiary: Reference.optional(),
  undepFunds: Reference.optional(),
  handlingMode: Reference.optional(),
  apply: z.object({ items: z.array(ApplyItem).max(1000) }).optional(),
});
export type CustomerPaymentBody = z.infer<typeof CustomerPaymentBody>;

const known = new Set(
  [
    "customer payment currency exchangeRate tranDate tranId memo externalId subsidiary arAcct account",
    "undepFunds checkNumber autoApply paymentOption paymentOperation handlingMode apply credit deposit",
    "postingPeriod department class location status",
  ].flatMap((line) => line.split(" ")),
);
const knownOfItem = new Set("doc apply amount line disc type refNum applyDate due total".split(" "));

/** What the record has in an account with these features. */
export const fieldsOf = (features: Features): string[] =>
  [...known].filter(
    (name) =>
      (features.multiCurrency || !["currency", "exchangeRate"].includes(name)) &&
      (features.subsidiaries || name !== "subsidiary") &&
      (features.paymentInstruments || !["paymentOption", "paymentOperation", "handlingMode"].includes(name)),
  );

/** Fields the record does not have; custom ones (`custbody_…`) are everybody's own. */
export function unknownFields(body: Record<string, unknown>, features: Features): string[] {
  const known = new Set(fieldsOf(features));
  const strange = (name: string, fields: Set<string>) => !fields.has(name) && !name.startsWith("cust");
  const ofRecord = Object.keys(body).filter((name) => strange(name, known));
  const items = (body.apply as { items?: unknown } | undefined)?.items;
  const ofItems = (Array.isArray(items) ? items : []).flatMap((item, index) =>
    Object.keys(item ?? {})
      .filter((name) => strange(name, knownOfItem))
      .map((name) => `apply.items[${index}].${name}`),
  );
  return [...ofRecord, ...ofItems];
}
