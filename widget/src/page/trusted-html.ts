/** Named in the README and to the edge (`assets.ts`): a page that lists its policies has to list this one. */
const name = "pay-form";

interface Policy {
  createHTML: (html: string) => string;
}

/** Lit's templates pass through it, and nothing else does: it is handed to Lit alone, by the build. */
export const templatePolicy: Policy | undefined = makePolicy();

/** Whether the page lets templates become elements. */
export const mayDraw = templatePolicy !== undefined || drawsWithout();

function makePolicy(): Policy | undefined {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, policy: Policy): Policy };
  };
  const make = (as: string) => trustedTypes?.createPolicy(as, { createHTML: (html) => html });
  try {
    return make(name);
  } catch {
    try {
      // Taken by a script of the page's own: where the page lists no names, another will do.
      return make(`${name}-2`);
    } catch {
      console.error(
        `pay-form.js may not draw the form. Add to this page's Content-Security-Policy: trusted-types ${name} (with 'allow-duplicates', if a script of the page's own makes a policy of that name)`,
      );
      return undefined;
    }
  }
}

/** No policies here, a page that does not enforce them, or one with a `default` policy. */
function drawsWithout(): boolean {
  try {
    document.createElement("template").innerHTML = "<b></b>";
    return true;
  } catch {
    return false;
  }
}
