import {
  FlagChange,
  type PortalSettings,
  refused,
  SecretChange,
  SettingChange,
} from "../../../contract/index.ts";
import { aims, changeSetting, settingNamed } from "../../settings/change-setting.ts";
import { changeOwnFlag, listOwnFlags } from "../../settings/flags-of-tenant.ts";
import { listSettings } from "../../settings/list-settings.ts";
import { answerJson, answerRefused, readBody } from "../answers.ts";
import type { AuthenticatedUser } from "../authenticate.ts";
import type { Handlers } from "../mount-routes.ts";

type Ids = "listPortalSettings" | "changePortalSetting" | "changePortalSecret" | "changePortalFlag";

/** What the tenant has set, and sets. */
export const settingHandlers: Handlers<Ids> = {
  async listPortalSettings(_, user) {
    return answerJson(await settingsOf(user));
  },

  async changePortalSetting(c, user) {
    const read = await readBody(c, SettingChange);
    if (read.kind === "refused") return answerRefused(c, read);
    const key = settingNamed(c.req.param("key"), "plain");
    if (!key) return answerRefused(c, refused("not_found"));
    if (aims(key) && !user.session.steppedUpUntil) return answerRefused(c, refused("step_up_needed"));
    const input = { store: user.open.settings, key, change: read.body };
    const changed = await changeSetting({ ctx: user.ctx, input });
    return changed.kind === "refused" ? answerRefused(c, changed) : answerJson(await settingsOf(user));
  },

  async changePortalSecret(c, user) {
    const read = await readBody(c, SecretChange);
    if (read.kind === "refused") return answerRefused(c, read);
    const key = settingNamed(c.req.param("key"), "secret");
    if (!key) return answerRefused(c, refused("not_found"));
    const input = { store: user.open.settings, key, change: read.body };
    const changed = await changeSetting({ ctx: user.ctx, input });
    return changed.kind === "refused" ? answerRefused(c, changed) : answerJson(await settingsOf(user));
  },

  async changePortalFlag(c, user) {
    const read = await readBody(c, FlagChange);
    if (read.kind === "refused") return answerRefused(c, read);
    const { version: seen, ...change } = read.body;
    const input = { overrides: user.open.flags, key: c.req.param("key"), seen, ...change };
    const changed = await changeOwnFlag({ ctx: user.ctx, input });
    return changed.kind === "refused" ? answerRefused(c, changed) : answerJson(await settingsOf(user));
  },
};

async function settingsOf({ ctx, open, session }: AuthenticatedUser): Promise<PortalSettings> {
  const { role } = session.user;
  const [settings, flags] = await Promise.all([
    listSettings({ ctx, input: { store: open.settings, role } }),
    listOwnFlags({ ctx, input: { overrides: open.flags, role } }),
  ]);
  return { settings, flags };
}
