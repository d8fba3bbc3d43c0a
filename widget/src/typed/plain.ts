/** Longer than anything that is typed into a field of ours; what comes after is not read. */
const mostCharacters = 200;

/**
 * What was typed or pasted, in ASCII: digits of every script (`٤٢`, `۴۲`, `४२`, `４２`), the full-width signs of an
 * East Asian keyboard (`／`, `－`, `，`, `。`), and dashes and blanks of every kind. What cannot be seen is gone.
 */
export function plain(text: string): string {
  return text
    .slice(0, mostCharacters)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/[！-～]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[。｡]/g, ".")
    .replace(/[、､،]/g, ",")
    .replace(/[⁄∕・･]/g, "/")
    .replace(/[\p{Pd}−ーｰ]/gu, "-")
    .replace(/\s/g, " ");
}

/** ASCII digits of whatever was typed or pasted. */
export function digitsOf(text: string): string {
  return plain(text).replace(/\D/g, "");
}

/** Unicode keeps decimal digits in runs of ten, zero first (UAX #44, Numeric_Type=Decimal). */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String((code - zero) % 10);
}
