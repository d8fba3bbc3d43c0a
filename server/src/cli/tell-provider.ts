import { announceOrigins } from "../operations/embed/announce-origins.ts";
import { reasonOf } from "../operations/finding.ts";
import type { Operator } from "../operations/operator.ts";
import { contextFor } from "./context.ts";
import type { Answer } from "./output.ts";

/**
 * After a change of which pages show a tenant's card fields: its provider hears of it, where it asks. What was changed
 * is changed all the same; the answer says when the provider does not know.
 */
export async function tellProvider(operator: Operator, slug: string, answer: Answer): Promise<Answer> {
  const cause = await contextFor(operator, slug)
    .then((context) => announceOrigins({ ctx: operator, input: { context } }))
    // A tenant that cannot be opened now, such as one that is being moved.
    .catch(reasonOf);
  if (cause === null) return answer;
  return {
    ...answer,
    json: { ...(answer.json as object), providerNotTold: cause },
    text: `${answer.text}\nthe provider could not be told who may frame its card fields (${cause}): the same again tells it`,
  };
}
