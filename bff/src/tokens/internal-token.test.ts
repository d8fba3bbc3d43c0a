import { createHash, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { InternalClaims } from "@clarity/server/contract";
import { fixedRing } from "@clarity/server/contract/edge-trust";
import { calculateJwkThumbprint, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { claimsFor } from "../upstream/claims.ts";
import { createInternalTokens } from "./internal-token.ts";
import { edgeKeyOf } from "./keys.ts";

const claims: InternalClaims = {
  ...claimsFor({ tenant: null, requestId: "request-1" }),
  scopes: ["edge"],
};

const request = { method: "GET", url: "http://upstream/internal/v1/hosts/acme.test", body: undefined };

test("jose verifies what we sign, with either kind of key; a key is named by its thumbprint", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = createPublicKey(privateKey);
  const secret = createSecretKey(randomBytes(32));
  const options = { audience: "shared", typ: "internal+jwt", requiredClaims: ["exp", "iat"] };
  const meant = { audience: "shared", request };
  const keys = fixedRing(edgeKeyOf(privateKey));
  const signed = createInternalTokens({ alg: "EdDSA", keys }, Date.now)(claims, meant);
  const kid = await calculateJwkThumbprint(publicKey.export({ format: "jwk" }));
  const req = createHash("sha256").update("GET\n/internal/v1/hosts/acme.test\n").digest("base64url");
  const { payload, protectedHeader } = await jwtVerify(signed, publicKey, options);
  expect(payload).toMatchObject({ ...claims, kid, req });
  // All that a server before this release takes.
  expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "internal+jwt" });
  const mac = createInternalTokens({ alg: "HS256", key: secret }, Date.now)(claims, meant);
  expect((await jwtVerify(mac, secret, options)).payload).toMatchObject({ ...claims, req });
});
