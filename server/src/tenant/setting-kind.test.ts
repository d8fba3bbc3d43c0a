import { expect, test } from "vitest";
import { z } from "zod";
import { kindOf, kindOfSchema } from "./setting-kind.ts";
import { type SettingKey, settingDefinitions } from "./settings.ts";

test("every setting has a kind, taken from its schema", () => {
  const kinds = Object.keys(settingDefinitions).map((key) => [key, kindOf(key as SettingKey)]);
  expect(Object.fromEntries(kinds)).toMatchObject({
    "seller.name": "text",
    "seller.supportEmail": "email",
    "seller.locale": "choice",
    "embed.origins": "list",
    connector: "object",
    "connector.secret": "secret",
  });
});

test("optional parts, formats and unions are seen through; what nobody could enter is refused", () => {
  expect(kindOfSchema(z.url().nullable().default(null))).toBe("url");
  expect(kindOfSchema(z.boolean().default(true))).toBe("boolean");
  expect(kindOfSchema(z.number().int())).toBe("number");
  expect(kindOfSchema(z.record(z.string(), z.string()))).toBe("object");
  expect(() => kindOfSchema(z.union([z.string(), z.array(z.string())]))).toThrow("no kind");
  expect(() => kindOfSchema(z.date())).toThrow("no kind");
});

test("every setting says what it is for", () => {
  for (const { help } of Object.values(settingDefinitions)) expect(help).toMatch(/^[A-Z].{10,}\.$/);
});
