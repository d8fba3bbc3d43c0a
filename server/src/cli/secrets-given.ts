/** Said wherever a secret is taken. */
export const neverAnArgument = "standard input, --file or --env; never as an argument";

/** What a secret looks like, whichever argument it is given in, and what to call it. */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, "a private key"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]+@/i, "a URL with a password"],
  [/"(?:d|k|p|q|dp|dq|qi)"\s*:\s*"[\w-]{16,}"/, "a private JWK"],
  [/\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/i, "an age identity"],
  [/\bwhsec_\S+/, "a webhook's secret"],
  [/\b(?:sk|rk)_(?:live|test)_\w+/, "a provider's API key"],
];

/**
 * As an argument a secret is in the shell's history, in `ps` and in whatever logs commands: too late for this one, and
 * it is not taken, so that nobody does it twice.
 *
 * @throws Error naming what it looks like, never its value
 */
export function refuseSecretArguments(args: readonly string[]): void {
  for (const argument of args) {
    const [, what] = shapes.find(([shape]) => shape.test(argument)) ?? [];
    if (what) throw secretArgument(what);
  }
}

/** @param what what was given, without its value */
export const secretArgument = (what: string): Error =>
  new Error(
    `${what} was given as an argument, where the shell's history and ps show it: give it by ${neverAnArgument}; ` +
      "this one is known to others now, so change it",
  );
