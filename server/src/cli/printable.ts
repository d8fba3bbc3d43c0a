/**
 * What does something to a terminal, or to how it orders text, instead of being seen: controls (ESC, the one-byte CSI
 * of C1, carriage return, backspace), formats (U+202E and the other marks of direction, zero widths, tags), line and
 * paragraph separators, halves of surrogate pairs. A line feed is ours, a tab does nothing.
 */
const unprintable = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text as an operator's terminal may have it, whoever wrote it: names, reasons, what others' servers answer. Written as
 * JSON writes them, so that JSON stays the same JSON.
 */
export const printable = (text: string): string =>
  text.replace(unprintable, (found) =>
    found
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );

/** For a place within a line of ours: a line feed in it would begin a line that we never wrote. */
export const oneLine = (text: string): string => printable(text).replaceAll("\n", "\\n");
