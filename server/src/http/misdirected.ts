/** The tenant lives at another server; nothing was done. The edge asks the registry again and goes there. */
export class Misdirected extends Error {
  override readonly name = "Misdirected";
}
