import { type FlagDefinition, flagDefinitions } from "./definitions.ts";

/**
 * Flags whose owner should have looked at them by now.
 *
 * @param today `YYYY-MM-DD`; default today's date, UTC
 * @param definitions default all there are
 */
export function overdueFlags({
  today = new Date().toISOString().slice(0, 10),
  definitions = flagDefinitions,
}: {
  today?: string;
  definitions?: Readonly<Record<string, FlagDefinition>>;
} = {}): { key: string; owner: string; expiresOn: string; advice: string }[] {
  return Object.entries(definitions)
    .filter(([, { expiresOn }]) => expiresOn <= today)
    .map(([key, { owner, kind, expiresOn }]) => ({
      key,
      owner,
      expiresOn,
      advice:
        kind === "release"
          ? "remove it and the code it hides"
          : "say why it is still needed and move its date in server/src/tenant/flags/definitions.ts",
    }));
}
