import { Invitation, type Member, RoleChange, refused, type Team } from "../../../contract/index.ts";
import type { NeutralSender } from "../../email/neutral-sender.ts";
import { changeMember } from "../../users/change-member.ts";
import { invite } from "../../users/invite.ts";
import { listTeam } from "../../users/list-team.ts";
import { answerJson, answerRefused, readBody } from "../answers.ts";
import type { AuthenticatedUser } from "../authenticate.ts";
import type { Handlers } from "../mount-routes.ts";
import { idIn, post } from "./session-handlers.ts";

type Ids = "listPortalTeam" | "inviteToPortal" | "changePortalRole" | "removeFromPortal";

/** Who is on the team. */
export function teamHandlers({ neutral }: { neutral: NeutralSender | null }): Handlers<Ids> {
  return {
    async listPortalTeam(_, user) {
      return answerJson(await teamOf(user));
    },

    async inviteToPortal(c, user) {
      const read = await readBody(c, Invitation);
      if (read.kind === "refused") return answerRefused(c, read);
      const { ctx, claims } = user;
      const invited = await invite({ ctx, input: read.body });
      if (invited.kind === "refused") return answerRefused(c, invited);
      const { challenge, user: somebody } = invited.invited;
      const locale = await ctx.settings.get("seller.locale");
      const where = { origin: claims.origin ?? "", locale, neutral };
      post(ctx, { purpose: "invitation", challenge, email: somebody.email, ...where });
      return answerJson(await teamOf(user), 201);
    },

    async changePortalRole(c, user) {
      const read = await readBody(c, RoleChange);
      if (read.kind === "refused") return answerRefused(c, read);
      const id = idIn(c);
      if (id === null) return answerRefused(c, refused("not_found"));
      const changed = await changeMember({ ctx: user.ctx, input: { id, role: read.body.role } });
      return changed.kind === "refused" ? answerRefused(c, changed) : answerJson(await teamOf(user));
    },

    async removeFromPortal(c, user) {
      const id = idIn(c);
      if (id === null) return answerRefused(c, refused("not_found"));
      const changed = await changeMember({ ctx: user.ctx, input: { id, role: null } });
      return changed.kind === "refused" ? answerRefused(c, changed) : answerJson(await teamOf(user));
    },
  };
}

async function teamOf({ ctx, session }: AuthenticatedUser): Promise<Team> {
  const members = (await listTeam({ ctx })).map(
    ({ id, email, name, role, invitedAt, joinedAt, lastSeenAt }): Member => ({
      ...{ id, email, name, role },
      state: joinedAt ? "active" : "invited",
      lastSeenAt: lastSeenAt?.toISOString() ?? null,
      invitedAt: invitedAt.toISOString(),
      self: id === session.user.id,
    }),
  );
  return { members };
}
