const address = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
/** A card number's length, as people and programs write it. */
const digits = /\b\d(?:[ -]?\d){12,18}\b/g;
const bearer = /\b(?:Bearer|DPoP|Basic) +[\w.~+/=-]{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** Messages quote what they could not read: e-mail addresses, long numbers and tokens in them are put out. */
const withoutPersonal = (text: string): string =>
  text.replaceAll(bearer, "[token]").replaceAll(address, "[e-mail]").replaceAll(digits, "[digits]");

/**
 * An error as edge and server log it. An allow-list: errors of postgres.js carry row values in `detail` and
 * `where`, those of HTTP clients carry headers and bodies.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: withoutPersonal(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutPersonal(error.message),
    ...(typeof code === "string" && { code }),
    ...(error.stack !== undefined && { stack: withoutPersonal(error.stack) }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
