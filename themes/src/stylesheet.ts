/**
 * The sheet `<pay-form>` adopts in its shadow root. It sets private names with the tenant's value as
 * the fallback of the public one, so that the host page has the last word:
 *
 *     --_primary: var(--pay-primary, #2454d6)
 *
 * The form's own rules use `--_x` only. Custom properties of a shadow host cannot be registered, so
 * there is no `@property`; nothing here can fetch, so there is no `url()` and no `@import`.
 */
import { type TokenName, tokens } from "./tokens.ts";
import { cssValue, type TokenValues } from "./values.ts";

export interface ModeValues {
  /** For native controls and scroll bars: a light theme on a dark background is `dark`. */
  scheme: "light" | "dark";
  values: TokenValues;
}

export function shadowStylesheet(light: ModeValues, dark: ModeValues): string {
  const names = tokens.map((token) => token.name);
  const differing = names.filter((name) => cssValue(light.values[name]) !== cssValue(dark.values[name]));
  const darkBody = declarations(dark, differing);
  return [
    `:host{${declarations(light, names)}}`,
    `@media (prefers-color-scheme:dark){:host(:not([theme-mode=light])){${darkBody}}}`,
    `:host([theme-mode=dark]){${darkBody}}`,
    "@media (prefers-reduced-motion:reduce){:host{--_motion:0ms}}",
  ].join("");
}

function declarations({ scheme, values }: ModeValues, names: readonly TokenName[]): string {
  const pairs = names.map((name) => `--_${name}:var(--pay-${name},${cssValue(values[name])})`);
  return [`color-scheme:${scheme}`, ...pairs].join(";");
}
