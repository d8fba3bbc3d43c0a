import type { SessionLimits } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { doWithout } from "../context/do-without.ts";
import { settingDefinitions } from "../tenant/settings.ts";

const { "session.idleSeconds": idle, "session.absoluteSeconds": absolute } = settingDefinitions;

/** How long the tenant's sessions may go on; what cannot be read is as usual, and keeps nobody from paying. */
export const sessionLimits = ({ ctx }: { ctx: Context }): Promise<SessionLimits> =>
  doWithout({
    ctx,
    input: {
      what: "session.idleSeconds, session.absoluteSeconds",
      otherwise: { idleS: idle.default, absoluteS: absolute.default },
      read: async () => ({
        idleS: await ctx.settings.get("session.idleSeconds"),
        absoluteS: await ctx.settings.get("session.absoluteSeconds"),
      }),
    },
  });
