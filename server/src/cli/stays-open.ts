import { describeFailure } from "./output.ts";

/**
 * What failed half-way goes on when it is run again, and is in everything else's way until then: whoever reads of
 * the failure has to know.
 *
 * @param open what is open afterwards and what ends it; null: nothing is
 */
export async function tellWhatStaysOpen<T>(input: {
  work: () => Promise<T>;
  open: () => Promise<string | null>;
}): Promise<T> {
  try {
    return await input.work();
  } catch (error) {
    const open = await input.open().catch(() => null);
    const said = describeFailure(error);
    // A refusal may have named it already.
    if (open === null || said.includes("-abort")) throw error;
    throw new Error(`${said}; ${open}`);
  }
}
