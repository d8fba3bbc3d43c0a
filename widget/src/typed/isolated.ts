/**
 * What others call themselves and their invoices may be written from the other side: it stands apart from the text
 * around it (UAX #9, 2.7), and cannot turn that around by controls of its own.
 */
export const isolated = (text: string): string =>
  text && `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069`;
