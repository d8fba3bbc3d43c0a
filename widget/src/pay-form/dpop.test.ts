import { expect, test } from "vitest";
import { makeKey, makeProof } from "./dpop.ts";

const json = (part = "") => JSON.parse(Buffer.from(part, "base64url").toString());

test("a proof is signed by its own key, names method, address and access token, and shows no secret", async () => {
  const key = await makeKey();
  const url = "https://pay.test/v1/payments?x=1#y";
  const nowMs = Date.UTC(2026, 10, 30, 12, 0, 0, 999);
  const proof = await makeProof(key, { method: "POST", url, accessToken: "token", nowMs });
  const [head, body, signature = ""] = proof.split(".");
  const { typ, alg, jwk } = json(head);
  expect({ typ, alg }).toEqual({ typ: "dpop+jwt", alg: "ES256" });
  expect(Object.keys(jwk).sort()).toEqual(["crv", "kty", "x", "y"]);
  const claims = json(body);
  const iat = Date.UTC(2026, 10, 30, 12) / 1000;
  expect(claims).toMatchObject({ htm: "POST", htu: "https://pay.test/v1/payments", iat });
  // SHA-256 of "token", base64url.
  expect(claims.ath).toBe("PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const shown = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  const data = new TextEncoder().encode(`${head}.${body}`);
  const bytes = Buffer.from(signature, "base64url");
  expect(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, shown, bytes, data)).toBe(true);
});

test("no two proofs share an id, and none before a session carries a token hash", async () => {
  const key = await makeKey();
  const input = { method: "POST", url: "https://pay.test/v1/session", accessToken: undefined, nowMs: 0 };
  const [first, second] = await Promise.all([makeProof(key, input), makeProof(key, input)]);
  const claims = [first, second].map((proof) => json(proof?.split(".")[1]));
  expect(claims[0].jti).not.toBe(claims[1].jti);
  expect(claims[0]).not.toHaveProperty("ath");
});

test("the private key cannot leave the browser", async () => {
  const { privateKey } = await makeKey();
  expect(privateKey.extractable).toBe(false);
  await expect(crypto.subtle.exportKey("jwk", privateKey)).rejects.toThrow();
});
