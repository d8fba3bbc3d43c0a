import { z } from "zod";

/**
 * The Dataverse custom API that makes the token, unbound: it runs as who is signed in, who must be allowed to read the
 * record. Its request parameters are the web resource's query; anything that is not declared is refused.
 */
export const tokenPath = "/api/data/v9.2/contoso_GetPayToken";

const text = z.string().max(200).optional();
export const TokenParameters = z.strictObject({
  ...{ id: z.string().max(60), typename: text, type: text, orgname: text },
  ...{ userlcid: text, orglcid: text, data: text },
});

/** Dataverse's error shape. */
export const dataverseError = (code: string, message: string) => ({ error: { code, message } });
