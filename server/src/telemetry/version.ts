import { readFileSync } from "node:fs";

/** What this build is called: CLARITY_VERSION, or the package's version. Tenants are pinned to it. */
export function buildVersion(env: { readonly CLARITY_VERSION?: string | undefined }): string {
  if (env.CLARITY_VERSION) return env.CLARITY_VERSION;
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
