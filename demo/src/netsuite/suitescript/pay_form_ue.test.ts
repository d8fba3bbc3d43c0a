import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { jwtVerify } from "jose";
import { expect, test } from "vitest";

const secret = "an embed secret of thirty-two bytes";
const parameters: Record<string, string> = {
  custscript_pay_origin: "https://pay.example.com",
  custscript_pay_key_id: "embed-key-1",
  custscript_pay_version: "0.1.0",
  custscript_pay_integrity: "sha384-abc",
};

/** The few members of N/* the script uses, behaving as SuiteScript 2.1 documents them. */
const Encoding = { UTF_8: "UTF_8", BASE_64_URL_SAFE: "BASE_64_URL_SAFE" };
const padded = (base64url: string) => base64url.padEnd(Math.ceil(base64url.length / 4) * 4, "=");
const modules: Record<string, unknown> = {
  "N/crypto": {
    HashAlg: { SHA256: "SHA256" },
    createSecretKey: (options: { secret: string }) => options.secret,
    createHmac: ({ key }: { key: string }) => {
      const hmac = createHmac("sha256", key === "custsecret_pay_embed" ? secret : "another");
      return {
        update: ({ input }: { input: string }) => void hmac.update(input, "utf8"),
        digest: () => padded(hmac.digest("base64url")),
      };
    },
  },
  "N/crypto/random": { generateUUID: randomUUID },
  "N/encode": {
    Encoding,
    convert: ({ string }: { string: string }) => padded(Buffer.from(string).toString("base64url")),
  },
  "N/runtime": {
    getCurrentScript: () => ({ getParameter: ({ name }: { name: string }) => parameters[name] }),
  },
  "N/ui/serverWidget": { FieldType: { INLINEHTML: "INLINEHTML" } },
};

function loadScript(): { beforeLoad(context: unknown): void } {
  let script: unknown;
  const define = (names: string[], factory: (...args: unknown[]) => unknown) => {
    script = factory(...names.map((name) => modules[name]));
  };
  runInNewContext(readFileSync(new URL("pay_form_ue.js", import.meta.url), "utf8"), { define });
  return script as { beforeLoad(context: unknown): void };
}

test("the user event writes the two lines, with a token that verifies and is for this customer", async () => {
  const field = { defaultValue: "" };
  loadScript().beforeLoad({
    type: "view",
    UserEventType: { VIEW: "view" },
    newRecord: { id: 1042 },
    form: { addField: () => field },
  });
  const match =
    /^<script src="https:\/\/pay\.example\.com\/v\/0\.1\.0\/pay-form\.js" integrity="sha384-abc" crossorigin="anonymous" async><\/script><pay-form token="([\w.-]+)"><\/pay-form>$/.exec(
      field.defaultValue,
    );
  const { payload } = await jwtVerify(match?.[1] ?? "", new TextEncoder().encode(secret), {
    algorithms: ["HS256"],
    issuer: "embed-key-1",
    audience: "pay",
    subject: "1042",
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/);
});

test("a record being edited gets no form", () => {
  const context = {
    type: "edit",
    UserEventType: { VIEW: "view" },
    form: { addField: () => expect.unreachable() },
  };
  loadScript().beforeLoad(context);
});
