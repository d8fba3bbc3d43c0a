import { exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { failureOfNetsuite } from "./errors.ts";
import { assertionSigner } from "./token.ts";

const answer = (status: number, code: string) =>
  failureOfNetsuite({
    status,
    headers: new Headers(),
    text: JSON.stringify({ status, "o:errorDetails": [{ detail: "words", "o:errorCode": code }] }),
  });

test.each([
  [429, "CONCURRENCY_LIMIT_EXCEEDED", "throttled"],
  [400, "SSS_REQUEST_LIMIT_EXCEEDED", "throttled"],
  [400, "USER_ERROR", "protocol"],
  [401, "INVALID_LOGIN", "unauthorized"],
  [404, "NONEXISTENT_ID", "not_found"],
  [503, "UNEXPECTED_ERROR", "unreachable"],
  [504, "GATEWAY_TIMEOUT", "unreachable"],
])("%i %s is %s, in the vendor's words", (status, vendorCode, code) => {
  expect(answer(status, vendorCode)).toMatchObject({ code, message: `${status} ${vendorCode} words` });
});

test("an error page without details is still an error", () => {
  const failure = failureOfNetsuite({
    status: 502,
    headers: new Headers(),
    text: "<html>Bad gateway</html>",
  });
  expect(failure).toMatchObject({ code: "unreachable", message: "502 without error details" });
});

test.each(["ES256", "PS256"] as const)("signs the assertion as Oracle asks, %s", async (algorithm) => {
  const keys = await generateKeyPair(algorithm, { extractable: true, modulusLength: 3072 });
  let form = new URLSearchParams();
  const buy = assertionSigner({
    privateKeyPem: await exportPKCS8(keys.privateKey),
    config: {
      ...{ id: "netsuite", baseUrl: "https://1234567.suitetalk.api.netsuite.com", clientId: "client" },
      ...{ certificateId: "certificate", algorithm, depositAccountId: "1", concurrency: 1 },
    },
    fetch: async (_, init) => {
      form = new URLSearchParams(String(init?.body));
      return Response.json({ access_token: "token", expires_in: 3600 });
    },
  });
  expect(await buy()).toEqual({ accessToken: "token", expiresInS: 3600 });
  expect(form.get("grant_type")).toBe("client_credentials");
  expect(form.get("client_assertion_type")).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  const { payload, protectedHeader } = await jwtVerify(form.get("client_assertion") ?? "", keys.publicKey, {
    issuer: "client",
    audience: "https://1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token",
  });
  expect(protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: "certificate" });
  expect(payload.scope).toEqual(["rest_webservices"]);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(3600);
});

test("a key that is no key is a matter of settings", async () => {
  const buy = assertionSigner({
    privateKeyPem: "not a key",
    config: {
      ...{ id: "netsuite", baseUrl: "https://x.test", clientId: "c", certificateId: "c" },
      ...{ algorithm: "ES256", depositAccountId: "1", concurrency: 1 },
    },
    fetch: () => Promise.reject(new Error("must not be asked")),
  });
  await expect(buy()).rejects.toMatchObject({ code: "unauthorized" });
});
