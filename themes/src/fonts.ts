/**
 * Font stacks by id. All are fonts the reader's system already has: nothing is fetched, so no
 * third party learns of a payment and no layout shifts. Grouped by typeface class after
 * https://modernfontstacks.com (CC0).
 */
export const fonts = {
  system: ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
  grotesque: ["Inter", "Roboto", "Helvetica Neue", "Arial Nova", "Nimbus Sans", "Arial", "sans-serif"],
  humanist: ["Seravek", "Gill Sans Nova", "Ubuntu", "Calibri", "DejaVu Sans", "sans-serif"],
  geometric: ["Avenir", "Avenir Next", "Montserrat", "Corbel", "URW Gothic", "Noto Sans", "sans-serif"],
  rounded: ["ui-rounded", "Quicksand", "Nunito", "Arial Rounded MT Bold", "Arial Rounded MT", "sans-serif"],
  industrial: [
    "Bahnschrift",
    "DIN Alternate",
    "Franklin Gothic Medium",
    "Liberation Sans Narrow",
    "sans-serif",
  ],
  transitional: ["Charter", "Bitstream Charter", "Sitka Text", "Cambria", "serif"],
  oldstyle: ["Iowan Old Style", "Palatino Linotype", "URW Palladio L", "P052", "serif"],
  slab: ["Rockwell", "Rockwell Nova", "Roboto Slab", "DejaVu Serif", "Sitka Small", "serif"],
  mono: ["ui-monospace", "Cascadia Code", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"],
} as const satisfies Record<string, readonly string[]>;

export type FontId = keyof typeof fonts;
export const fontIds = Object.keys(fonts) as FontId[];
