import type { Context } from "../context/context.ts";
import type { Provider } from "../providers/provider.ts";
import { SettingMissing } from "../tenant/errors.ts";
import { askProvider, type Deadline } from "./ask-provider.ts";
import type { Attempt } from "./attempt.ts";

export type Whose =
  | { kind: "ours"; provider: Provider }
  /** The tenant's settings lead to another account by now, or to none. */
  | { kind: "gone"; cause: string }
  /** The provider does not say whose account the key is of. */
  | { kind: "unknown"; cause: string };

/**
 * The provider with the account an attempt was made with: another's books know nothing of the charge, and their "absent"
 * would decline what the other has taken, or charge it again.
 */
export async function providerOf({
  ctx,
  input: { attempt, deadline },
}: {
  ctx: Context;
  input: { attempt: Pick<Attempt, "provider" | "providerAccount">; deadline: Deadline };
}): Promise<Whose> {
  const provider = await currentProvider(ctx);
  if (!provider) return gone(attempt.provider, "the tenant has no provider now");
  if (provider.id !== attempt.provider) return gone(attempt.provider, `the tenant now uses ${provider.id}`);
  if (attempt.providerAccount === null) return { kind: "ours", provider };
  const account = await askProvider(deadline, (signal) => provider.account({ signal }));
  if (account.kind === "unknown") return account;
  if (account.id === attempt.providerAccount) return { kind: "ours", provider };
  return gone(`account ${attempt.providerAccount}`, `the tenant's key is of ${account.id}`);
}

async function currentProvider(ctx: Context): Promise<Provider | null> {
  try {
    return await ctx.provider();
  } catch (error) {
    if (error instanceof SettingMissing) return null;
    throw error;
  }
}

const madeWith = "made with ";
const gone = (made: string, now: string): Whose => ({ kind: "gone", cause: `${madeWith}${made}, ${now}` });

/** Whether the last look at an attempt found its account gone. */
export const saysGone = (cause: string | null): boolean => cause?.startsWith(madeWith) ?? false;
