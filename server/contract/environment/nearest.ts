/** Letters put in, left out, exchanged or swapped with their neighbour: optimal string alignment. */
export function editDistance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const above = rows[i - 1] as number[];
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1),
        swapped && i > 1 && j > 1
          ? ((rows[i - 2] as number[])[j - 2] as number) + 1
          : Number.POSITIVE_INFINITY,
      );
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}

/** The known name that is fewest letters away, whatever its case. @param known one at least */
export function nearest(name: string, known: readonly string[]): { name: string; distance: number } {
  const [first] = known
    .map((candidate) => ({ name: candidate, distance: editDistance(name.toUpperCase(), candidate) }))
    .sort((one, other) => one.distance - other.distance || (one.name < other.name ? -1 : 1));
  if (!first) throw new Error("nothing is known");
  return first;
}
