/**
 * Money: bigint minor units and an ISO 4217 currency, never a float.
 * Exponents: ISO 4217:2015 table A.1, where they differ from 2.
 */
export interface Money {
  readonly amountMinor: bigint;
  readonly currency: string;
}

const exponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** Exponents of all currencies that have another than 2. */
export const unusualExponents: Readonly<Record<string, number>> = exponents;

/** Digits after the decimal point: 2 for USD, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: string): number {
  return exponents[currency] ?? 2;
}

/** `125000n` USD → `"1250.00"`: exact, no grouping, as ERPs and providers want it. */
export function toDecimal(amountMinor: bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const sign = amountMinor < 0n ? "-" : "";
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(exponent + 1, "0");
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * Reads a decimal from an ERP, a JSON number or string such as `1250.5` or `"1250.500"`.
 * @throws RangeError when it is no plain decimal, or has more digits than the currency knows
 * (trailing zeros aside): rounding is never silent.
 */
export function fromDecimal(value: string | number, currency: string): bigint {
  const text = typeof value === "number" ? decimalText(value) : value.trim();
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (!match) throw new RangeError(`not a decimal amount: ${text}`);
  const exponent = exponentOf(currency);
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  if (fraction.length > exponent) throw new RangeError(`${text} has more decimals than ${currency} knows`);
  const amount = BigInt((match[2] ?? "0") + fraction.padEnd(exponent, "0"));
  return match[1] === "-" ? -amount : amount;
}

/**
 * A double holds any decimal of up to 15 significant digits exactly enough to print it again; with
 * more, what was written and what was read may differ, so it is refused.
 */
function decimalText(value: number): string {
  const text = String(value);
  const digits = text.replace(/^-?0*\.?0*|\./g, "");
  if (!Number.isFinite(value) || digits.length > 15) throw new RangeError(`no safe amount: ${text}`);
  return text;
}

/** `amount × basisPoints / 10000`, half up to a minor unit. */
export function basisPointsOf(amountMinor: bigint, basisPoints: number): bigint {
  return (amountMinor * BigInt(basisPoints) + 5000n) / 10000n;
}
