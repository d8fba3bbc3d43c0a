import type { EarlyMethods } from "../../contract/index.ts";
import type { SettingValue } from "../tenant/settings.ts";

/** Cards, once a provider is set up. The publishable key travels in the frame's address. */
export function earlyMethods(provider: SettingValue<"provider"> | null): EarlyMethods["methods"] {
  if (!provider) return [];
  const frameUrl = new URL(provider.frameUrl);
  frameUrl.searchParams.set("key", provider.publishableKey);
  return [{ type: "card", frameUrl: frameUrl.href }];
}
