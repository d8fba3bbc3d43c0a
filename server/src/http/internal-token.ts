import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { z } from "zod";
import { type BoundRequest, requestDigest } from "../../contract/edge-trust/index.ts";
import { InternalClaims } from "../../contract/index.ts";
import { type EdgeKey, type EdgePublicKey, ringOf } from "./edge-key.ts";

export type Scope = InternalClaims["scopes"][number];

/** Clocks of edge and server may differ this much, seconds. */
const toleranceS = 5;
/** An internal token is never older than this, seconds. */
const maximumLifeS = 60;
/**
 * An older edge binds its tokens to no request. They are taken until a server has known for this long that there are
 * edges that do, ms: a roll-out of edges takes less. Of a newer edge's tokens none can be made into one: it is signed.
 */
const olderEdgesMs = 24 * 3_600_000;

const Header = z
  .object({ alg: z.string(), typ: z.literal("internal+jwt"), kid: z.string().optional() })
  .strict();
const Payload = InternalClaims.extend({
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  req: z.string().optional(),
  kid: z.string().optional(),
});

/** Not a token of our edge for this server, or not now. Tells the edge's operator, never a browser. */
export class NotFromEdge extends Error {
  override readonly name = "NotFromEdge";
}

export interface InternalTokenCheckOptions {
  key: EdgeKey;
  /** This server's name: `shared`, or its base URL in the registry. */
  audience: string;
  now: () => number;
}

/** What came with a token. */
export interface Presented {
  authorization: string | undefined;
  method: string;
  url: string;
  /** Read once the token is known to be the edge's. */
  body: () => Promise<ArrayBuffer> | undefined;
}

/** @throws NotFromEdge */
export type InternalTokenCheck = (presented: Presented, scope: Scope) => Promise<InternalClaims>;

/**
 * Verifies compact JWS (RFC 7515 §5.2) with the one algorithm of the keys there are, and that it is for this request.
 * Signatures are verified synchronously: it is on the path of every request, where a trip through WebCrypto's thread
 * pool costs more than the check.
 */
export function createInternalTokenCheck(options: InternalTokenCheckOptions): InternalTokenCheck {
  const { audience, now } = options;
  const verifySignature = createSignatureCheck(options.key);
  /** When the first token came that was bound to its request. */
  let boundSinceMs: number | null = null;

  async function requireThisRequest(req: string | undefined, presented: Presented): Promise<void> {
    if (req === undefined) {
      if (boundSinceMs === null || now() - boundSinceMs < olderEdgesMs) return;
      throw new NotFromEdge("bound to no request, and edges bind them by now");
    }
    const request: BoundRequest = { ...presented, body: await presented.body() };
    if (req !== requestDigest(request)) throw new NotFromEdge("meant for another request");
    boundSinceMs ??= now();
  }

  return async (presented, scope) => {
    const payload = await verifySignature(presented.authorization);
    const { aud, iat, exp, req, kid: _, ...claims } = payload;
    const nowS = now() / 1000;
    if (aud !== audience) throw new NotFromEdge("meant for another server");
    if (exp - iat > maximumLifeS || exp < nowS - toleranceS || iat > nowS + toleranceS) {
      throw new NotFromEdge("not in its time");
    }
    if (!claims.scopes.includes(scope)) throw new NotFromEdge(`without scope ${scope}`);
    await requireThisRequest(req, presented);
    return claims;
  };
}

type SignatureCheck = (authorization: string | undefined) => Promise<z.infer<typeof Payload>>;

function createSignatureCheck(edgeKey: EdgeKey): SignatureCheck {
  const ring = ringOf(edgeKey);
  // The edge's header never changes: read once, then compared.
  let good: { header: string; kid: string | undefined } | null = null;

  /** A token that names a key is tried with that one alone; an older edge names none. */
  function isSigned(signed: string, signature: string, kid: string | undefined): boolean | "key_unknown" {
    const keys = ring.all().filter(({ id }) => kid === undefined || id === kid);
    if (keys.some(({ key }) => signatureFits({ signed, signature, alg: edgeKey.alg, key }))) return true;
    return keys.length > 0 && kid !== undefined ? false : "key_unknown";
  }

  return async (authorization) => {
    const parts = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? "");
    if (!parts) throw new NotFromEdge("no internal token");
    const [, header = "", payload = "", signature = ""] = parts;
    const { alg, kid: inHeader } =
      header === good?.header ? { alg: edgeKey.alg, kid: good.kid } : readJson(Header, header);
    if (alg !== edgeKey.alg) throw new NotFromEdge("another algorithm than the key's");
    const read = readJson(Payload, payload);
    const kid = inHeader ?? read.kid;
    let found = isSigned(`${header}.${payload}`, signature, kid);
    // A key may have come since the files were read.
    if (found === "key_unknown" && (await ring.readAgain())) {
      found = isSigned(`${header}.${payload}`, signature, kid);
    }
    if (found === "key_unknown" && kid !== undefined) throw new NotFromEdge("signed with a key unknown here");
    if (found !== true) throw new NotFromEdge("the signature does not verify");
    good = { header, kid: inHeader };
    return read;
  };
}

function signatureFits(input: {
  signed: string;
  signature: string;
  alg: EdgeKey["alg"];
  key: EdgePublicKey["key"];
}) {
  const given = Buffer.from(input.signature, "base64url");
  if (input.alg === "EdDSA") return verify(null, Buffer.from(input.signed), input.key, given);
  return isMac(input.signed, given, input.key);
}

function isMac(signed: string, given: Buffer, key: KeyObject): boolean {
  const expected = createHmac("sha256", key).update(signed).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function readJson<T>(schema: z.ZodType<T>, segment: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(segment, "base64url").toString("utf8")));
  } catch (cause) {
    throw new NotFromEdge("malformed", { cause });
  }
}
