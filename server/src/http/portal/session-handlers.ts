import type { Context as HonoContext } from "hono";
import { z } from "zod";
import {
  allPermissions,
  LoginFinish,
  LoginStart,
  type LoginStarted,
  Logout,
  type MeOfServer,
  may,
  type PortalFace,
  refused,
  StepUpFinish,
} from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { sellerOf } from "../../context/seller.ts";
import type { NeutralSender } from "../../email/neutral-sender.ts";
import { portalFace } from "../../themes/portal-face.ts";
import { challengeLifeS } from "../../users/challenge.ts";
import { deviceWords } from "../../users/device.ts";
import { endSession } from "../../users/end-session.ts";
import { finishLogin } from "../../users/finish-login.ts";
import { type ChallengeMail, mailChallenge } from "../../users/mail-challenge.ts";
import { startLogin } from "../../users/start-login.ts";
import { finishStepUp, startStepUp } from "../../users/step-up.ts";
import { answerJson, answerRefused, readBody, type ServerEnv } from "../answers.ts";
import type { Handlers } from "../mount-routes.ts";

/** What the edge adds to what a browser sends: the session that it has made, and who asks. */
const Finish = z.object({
  proof: LoginFinish,
  /** SHA-256 of the new cookie, base64url. */
  session: z.string().length(43),
  userAgent: z.string().max(500).default(""),
});

type Ids =
  | "readPortalFace"
  | "startPortalLogin"
  | "finishPortalLogin"
  | "readPortalMe"
  | "endPortalSession"
  | "startPortalStepUp"
  | "finishPortalStepUp";

/** Who comes in, and goes. */
export function sessionHandlers({ neutral }: { neutral: NeutralSender | null }): Handlers<Ids> {
  return {
    async readPortalFace(_, { ctx }) {
      const face: PortalFace = await portalFace({ ctx });
      return answerJson(face);
    },

    async startPortalLogin(c, { ctx, claims }) {
      const read = await readBody(c, LoginStart);
      if (read.kind === "refused") return answerRefused(c, read);
      const { email, locale } = read.body;
      const started = await startLogin({ ctx, input: { email } });
      if (started) {
        const { challenge, user } = started;
        const origin = claims.origin ?? "";
        post(ctx, { purpose: "login", challenge, email: user.email, origin, locale, neutral });
      }
      return answerJson({ expiresInS: challengeLifeS.login } satisfies LoginStarted, 202);
    },

    async finishPortalLogin(c, { ctx }) {
      const read = await readBody(c, Finish);
      if (read.kind === "refused") return answerRefused(c, read);
      const { proof, userAgent } = read.body;
      const session = Buffer.from(read.body.session, "base64url");
      const device = deviceWords(userAgent);
      const finished = await finishLogin({ ctx, input: { proof, session, device } });
      return finished ? answerJson(finished) : answerRefused(c, refused("login_failed"));
    },

    async readPortalMe(_, { ctx, session }) {
      const { user, steppedUpUntil } = session;
      const { name, timeZone } = await sellerOf(ctx);
      const me: MeOfServer = {
        user,
        seller: { name, timeZone, locale: await ctx.settings.get("seller.locale") },
        permissions: allPermissions.filter((permission) => may(user.role, permission)),
        steppedUpUntil: steppedUpUntil?.toISOString() ?? null,
      };
      return answerJson(me);
    },

    async endPortalSession(c, { ctx, session }) {
      const read = await readBody(c, Logout);
      if (read.kind === "refused") return answerRefused(c, read);
      const { everywhere } = read.body;
      await endSession({ ctx, input: { sessionId: session.id, userId: session.user.id, everywhere } });
      return answerJson({});
    },

    async startPortalStepUp(_, { ctx, claims, session }) {
      const challenge = await startStepUp({ ctx, input: { session } });
      const origin = claims.origin ?? "";
      const locale = await ctx.settings.get("seller.locale");
      const { email } = session.user;
      if (challenge) post(ctx, { purpose: "step_up", challenge, email, origin, locale, neutral });
      return answerJson({ expiresInS: challengeLifeS.step_up } satisfies LoginStarted, 202);
    },

    async finishPortalStepUp(c, { ctx, session }) {
      const read = await readBody(c, StepUpFinish);
      if (read.kind === "refused") return answerRefused(c, read);
      const proved = await finishStepUp({ ctx, input: { session, code: read.body.code } });
      return proved ? answerJson({}) : answerRefused(c, refused("login_failed"));
    },
  };
}

/**
 * Nobody waits for the mail: how long that takes would tell who is on the team. One that is lost is asked for again by
 * the person.
 */
export function post(ctx: Context, mail: ChallengeMail): void {
  void mailChallenge({ ctx, input: mail })
    .then((result) => {
      if (result.kind !== "sent")
        ctx.log.warn({ ...result, purpose: mail.purpose }, "a login mail did not go out");
    })
    .catch((err) => ctx.log.error({ err, purpose: mail.purpose }, "a login mail did not go out"));
}

/** An id of a path; what is none is nobody's. */
export const idIn = (c: HonoContext<ServerEnv>): string | null =>
  z.uuid().safeParse(c.req.param("id")).data ?? null;
