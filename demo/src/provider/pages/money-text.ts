/** `125000n` USD → `$1,250.00`; exact for any size: Intl takes the decimal as text. */
export function moneyText(amountMinor: bigint, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const exponent = format.resolvedOptions().maximumFractionDigits ?? 2;
  const digits = amountMinor.toString().padStart(exponent + 1, "0");
  const decimal = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
  return format.format(decimal as `${number}`);
}
