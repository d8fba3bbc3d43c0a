import type { DecryptCommandOutput, KMSClient } from "@aws-sdk/client-kms";
import { type MasterKeyRing, MasterKeyUnavailable } from "./master-key.ts";
import { CannotDecrypt } from "./seal.ts";

type Kms = typeof import("@aws-sdk/client-kms");

interface Wrapped {
  wrapped: Uint8Array;
  context: readonly string[];
}

/** Of one try, ms; four tries end within about 10 s. */
const limits = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
const maxAttempts = 4;

/** What AWS KMS says of bytes that are not what it encrypted under this key and context. */
const notOurs = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/**
 * A symmetric AWS KMS key: it never leaves the service, which is asked once for each data key and process.
 * Credentials and, for an alias without one, the region come from the SDK's own chain.
 *
 * The service rotates a key's own material by itself. To change the key, point the alias at another one, or
 * name another key in the configuration, and let `clarity master-key rotate` wrap everything anew.
 *
 * @param keyId ARN, `alias/…` or id; permissions needed: kms:Encrypt, kms:Decrypt, kms:DescribeKey
 */
export function awsKmsMasterKey({ keyId }: { keyId: string }): MasterKeyRing {
  const region = /^arn:[^:]*:kms:([^:]+):/.exec(keyId)?.[1];
  let loading: Promise<{ kms: Kms; client: KMSClient }> | null = null;
  // Nobody else pays for the SDK: it is loaded on first use.
  const load = () => {
    loading ??= import("@aws-sdk/client-kms").then((kms) => {
      const client = new kms.KMSClient({ ...(region && { region }), maxAttempts, requestHandler: limits });
      return { kms, client };
    });
    return loading;
  };

  const decrypt = async ({ wrapped, context }: Wrapped, key?: string): Promise<DecryptCommandOutput> => {
    const { kms, client } = await load();
    const input = { CiphertextBlob: wrapped, EncryptionContext: toMap(context), ...(key && { KeyId: key }) };
    return client.send(new kms.DecryptCommand(input));
  };
  /** Another key of this account: the alias has moved on since. */
  const decryptWithOlder = async (input: Wrapped) => {
    const { kms, client } = await load();
    const { KeyMetadata } = await client.send(new kms.DescribeKeyCommand({ KeyId: keyId }));
    const opened = await decrypt(input);
    // An attacker's own key must not be as good as ours.
    if (accountOf(opened.KeyId) !== accountOf(KeyMetadata?.Arn)) throw refused(input.context);
    return opened;
  };
  const open = ({ wrapped, context }: Wrapped) =>
    inWords({ keyId, context }, async () => {
      try {
        return { answer: await decrypt({ wrapped, context }, keyId), current: true };
      } catch (error) {
        if ((error as Error).name !== "IncorrectKeyException") throw error;
        return { answer: await decryptWithOlder({ wrapped, context }), current: false };
      }
    });

  return {
    wrap: ({ key, context }) =>
      inWords({ keyId, context }, async () => {
        const { kms, client } = await load();
        const input = { KeyId: keyId, Plaintext: key, EncryptionContext: toMap(context) };
        const { CiphertextBlob } = await client.send(new kms.EncryptCommand(input));
        if (!CiphertextBlob) throw new Error("an answer without ciphertext");
        return CiphertextBlob;
      }),
    async unwrap(input) {
      const { Plaintext } = (await open(input)).answer;
      if (!Plaintext) throw refused(input.context);
      return Plaintext;
    },
    isCurrent: async (input) => (await open(input)).current,
    keys: async () => [{ name: `aws-kms:${keyId}`, madeAt: null }],
    // Keys of the service are made and disabled there.
    renew: async () => {},
    retire: async () => [],
  };
}

/** KMS takes a map of strings and no list: numbered, so that no two lists make the same map. */
const toMap = (context: readonly string[]): Record<string, string> =>
  Object.fromEntries(context.map((part, index) => [String(index), part]));

/** `arn:aws:kms:<region>:<account>:key/<id>` */
const accountOf = (arn = ""): string => arn.split(":").slice(2, 5).join(":");

const refused = (context: readonly string[], cause?: unknown) =>
  new CannotDecrypt(`AWS KMS did not wrap ${context.join(" / ")} with this key`, { cause });

async function inWords<T>(
  { keyId, context }: { keyId: string; context: readonly string[] },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CannotDecrypt) throw error;
    const { name, message } = error as Error;
    if (notOurs.has(name)) throw refused(context, error);
    throw new MasterKeyUnavailable(`AWS KMS, ${keyId}: ${name}: ${message || "no answer"}`, { cause: error });
  }
}
