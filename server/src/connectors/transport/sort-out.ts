/**
 * What an ERP says of its rows, each for itself: one that cannot be read exactly keeps nobody from paying the others.
 * @param nameOf what people know a row by
 */
export function sortOut<Row, T>(
  rows: readonly Row[],
  read: (row: Row) => T,
  nameOf: (row: Row) => string,
): { good: T[]; bad: { number: string; why: string }[] } {
  const good: T[] = [];
  const bad: { number: string; why: string }[] = [];
  for (const row of rows) {
    try {
      good.push(read(row));
    } catch (error) {
      bad.push({ number: nameOf(row), why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { good, bad };
}
