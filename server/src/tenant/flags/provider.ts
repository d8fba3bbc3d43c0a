import {
  type EvaluationContext,
  FlagNotFoundError,
  GeneralError,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
  StandardResolutionReasons,
  TargetingKeyMissingError,
  TypeMismatchError,
} from "@openfeature/server-sdk";
import { flagDefinitions, isFlagKey } from "./definitions.ts";
import type { FlagOverrides } from "./overrides.ts";

type Value = boolean | string | number;

/**
 * Answers OpenFeature for many tenants: `targetingKey` names the tenant, whose overrides come before the
 * default. Reasons as in https://openfeature.dev/specification/types#resolution-details: TARGETING_MATCH for an
 * override, DEFAULT without one, STALE while the tenant's database cannot be asked, ERROR by what is thrown here.
 *
 * @param overridesOf null: no such tenant is open
 */
export function createTenantFlagProvider(input: {
  overridesOf: (tenantId: string) => FlagOverrides | null;
  now: () => Date;
}): Provider {
  const { overridesOf, now } = input;

  async function resolve<T extends Value>(
    key: string,
    fallback: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    const { targetingKey } = context;
    const overrides = targetingKey ? overridesOf(targetingKey) : null;
    if (!overrides) throw new TargetingKeyMissingError("the targeting key is an open tenant's id");
    if (!isFlagKey(key)) throw new FlagNotFoundError(`no flag ${key}`);
    const { default: otherwise, owner, kind } = flagDefinitions[key];
    const flagMetadata = { owner, kind };
    const { overrides: read, stale } = await overrides.read().catch((cause) => {
      throw new GeneralError("the tenant's own values cannot be read", { cause });
    });
    const override = read.get(key);
    const counts = override && (override.expiresAt === null || override.expiresAt > now());
    const value = counts ? override.value : otherwise;
    if (typeof value !== typeof fallback || typeof value !== typeof otherwise) {
      throw new TypeMismatchError(`${key} is a ${typeof otherwise}`);
    }
    const { STALE, TARGETING_MATCH, DEFAULT } = StandardResolutionReasons;
    const reason = stale ? STALE : counts ? TARGETING_MATCH : DEFAULT;
    return { value: value as T, variant: counts ? "override" : "default", reason, flagMetadata };
  }

  return {
    metadata: { name: "tenant-flags" },
    runsOn: "server",
    resolveBooleanEvaluation: resolve,
    resolveStringEvaluation: resolve,
    resolveNumberEvaluation: resolve,
    async resolveObjectEvaluation<T extends JsonValue>(key: string): Promise<ResolutionDetails<T>> {
      throw new TypeMismatchError(`${key} is no object: no flag is`);
    },
  };
}
