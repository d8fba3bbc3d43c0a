/**
 * Stands in for AWS KMS over HTTP, written from its published API: JSON 1.1 protocol, actions `Encrypt`, `Decrypt`
 * and `DescribeKey` of TrentService, error types by name, Signature Version 4 checked on every call.
 * https://docs.aws.amazon.com/kms/latest/APIReference/
 */
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { openSealed, seal } from "../seal.ts";

const region = "eu-central-1";

export interface KmsStandIn {
  /** What the SDK reads from the environment to come here. */
  readonly environment: Record<string, string>;
  /** Actions asked for, in order. */
  readonly calls: string[];
  /** A new key; answers its ARN. `account` default 111122223333. */
  createKey(account?: string): string;
  /** `alias/…` points at this key from now on. */
  setAlias(alias: string, arn: string): void;
  /** The next calls are answered with this error; `silence`: not at all. */
  fail(error: { type: string; times: number; status?: number }): void;
  close(): Promise<void>;
}

class KmsError extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, status = 400) {
    super(`stand-in: ${type}`);
    this.type = type;
    this.status = status;
  }
}

export async function startKmsStandIn(): Promise<KmsStandIn> {
  const credentials = { id: "AKIDEXAMPLE", secret: randomUUID() };
  const keys = new Map<string, Uint8Array>();
  const aliases = new Map<string, string>();
  const calls: string[] = [];
  let failing = { type: "", times: 0, status: 400 };

  const arnOf = (keyId: string) => {
    const arn = [
      keyId,
      aliases.get(keyId),
      [...keys.keys()].find((known) => known.endsWith(`/${keyId}`)),
    ].find((candidate) => candidate !== undefined && keys.has(candidate));
    if (!arn) throw new KmsError("NotFoundException");
    return arn;
  };
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    handle(request).then(
      (body) => answer(200, body),
      (error) =>
        answer(error.status ?? 500, { __type: error.type ?? "InternalFailure", message: error.message }),
    );
  });

  async function handle(request: IncomingMessage): Promise<unknown> {
    const body = await buffer(request);
    const action = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    calls.push(action);
    if (failing.times > 0) {
      failing.times--;
      if (failing.type === "silence") await new Promise(() => {});
      throw new KmsError(failing.type, failing.status);
    }
    checkSignature({ request, body, credentials });
    const input = JSON.parse(body.toString("utf8"));
    if (action === "DescribeKey") return { KeyMetadata: { Arn: arnOf(input.KeyId), Enabled: true } };
    if (action === "Encrypt") return encrypt({ arn: arnOf(input.KeyId), keys, input });
    if (action === "Decrypt") return decrypt({ arn: input.KeyId && arnOf(input.KeyId), keys, input });
    throw new KmsError("UnknownOperationException");
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    environment: {
      AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.id,
      AWS_SECRET_ACCESS_KEY: credentials.secret,
    },
    calls,
    createKey(account = "111122223333") {
      const arn = `arn:aws:kms:${region}:${account}:key/${randomUUID()}`;
      keys.set(arn, randomBytes(32));
      return arn;
    },
    setAlias: (alias, arn) => void aliases.set(alias, arn),
    fail: (error) => {
      failing = { status: 400, ...error };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Call {
  keys: Map<string, Uint8Array>;
  input: { Plaintext?: string; CiphertextBlob?: string; EncryptionContext?: Record<string, string> };
}

/** The order of a map's entries means nothing to KMS. */
const sorted = (context: Record<string, string> = {}) =>
  Object.entries(context)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat();

function encrypt({ arn, keys, input }: Call & { arn: string }) {
  const plaintext = Buffer.from(input.Plaintext ?? "", "base64");
  const context = [arn, ...sorted(input.EncryptionContext)];
  const sealed = seal({ key: keys.get(arn) as Uint8Array, plaintext, context });
  // The real service, too, finds the key by what stands in the ciphertext.
  const blob = Buffer.concat([Buffer.from(`${arn}|`), sealed]);
  return { CiphertextBlob: blob.toString("base64"), KeyId: arn, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
}

function decrypt({ arn: wanted, keys, input }: Call & { arn?: string }) {
  const blob = Buffer.from(input.CiphertextBlob ?? "", "base64");
  const end = blob.indexOf("|");
  const arn = blob.subarray(0, Math.max(0, end)).toString("utf8");
  const key = keys.get(arn);
  if (!key) throw new KmsError("InvalidCiphertextException");
  if (wanted && wanted !== arn) throw new KmsError("IncorrectKeyException");
  try {
    const context = [arn, ...sorted(input.EncryptionContext)];
    const plaintext = openSealed({ key, sealed: blob.subarray(end + 1), context });
    return { Plaintext: Buffer.from(plaintext).toString("base64"), KeyId: arn };
  } catch {
    throw new KmsError("InvalidCiphertextException");
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function checkSignature(call: {
  request: IncomingMessage;
  body: Uint8Array;
  credentials: { id: string; secret: string };
}): void {
  const { request, body, credentials } = call;
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day = "", where = "", names = "", signature] =
    pattern.exec(request.headers.authorization ?? "") ?? [];
  const headers = names.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const digest = createHash("sha256").update(body).digest("hex");
  const canonical = [request.method, request.url, "", headers.join(""), names, digest].join("\n");
  const scope = `${day}/${where}/kms/aws4_request`;
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashed].join("\n");
  const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const key = [where, "kms", "aws4_request"].reduce(hmac, hmac(`AWS4${credentials.secret}`, day));
  const signedWell = hmac(key, toSign).toString("hex") === signature;
  const required = ["host", "x-amz-date", "x-amz-target"];
  if (id !== credentials.id || !signedWell || !required.every((name) => names.split(";").includes(name))) {
    throw new KmsError("InvalidSignatureException");
  }
}
