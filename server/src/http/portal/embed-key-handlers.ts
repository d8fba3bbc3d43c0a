import {
  KeyRevocation,
  type MadePortalKey,
  may,
  NewPortalKey,
  type PortalEmbedKeys,
} from "../../../contract/index.ts";
import { addOwnKey, listOwnKeys, revokeOwnKey } from "../../settings/own-embed-keys.ts";
import { answerJson, answerRefused, readBody } from "../answers.ts";
import type { AuthenticatedUser } from "../authenticate.ts";
import type { Handlers } from "../mount-routes.ts";

type Ids = "listPortalEmbedKeys" | "addPortalEmbedKey" | "revokePortalEmbedKey";

/** What signs embed tokens. */
export const embedKeyHandlers: Handlers<Ids> = {
  async listPortalEmbedKeys(_, user) {
    return answerJson(await keysOf(user));
  },

  async addPortalEmbedKey(c, user) {
    const read = await readBody(c, NewPortalKey);
    if (read.kind === "refused") return answerRefused(c, read);
    const { ctx, open } = user;
    const added = await addOwnKey({ ctx, input: { open, key: read.body } });
    if (added.kind === "refused") return answerRefused(c, added);
    const { id, secret } = added;
    return answerJson({ ...(await keysOf(user)), id, secret } satisfies MadePortalKey, 201);
  },

  async revokePortalEmbedKey(c, user) {
    const read = await readBody(c, KeyRevocation);
    if (read.kind === "refused") return answerRefused(c, read);
    const { ctx, open } = user;
    const input = { open, id: c.req.param("id"), reason: read.body.reason };
    const revoked = await revokeOwnKey({ ctx, input });
    return revoked.kind === "refused" ? answerRefused(c, revoked) : answerJson(await keysOf(user));
  },
};

async function keysOf({ ctx, session }: AuthenticatedUser): Promise<PortalEmbedKeys> {
  return { keys: await listOwnKeys({ ctx }), mayChange: may(session.user.role, "secrets.change") };
}
