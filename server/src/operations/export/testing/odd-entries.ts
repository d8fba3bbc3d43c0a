/** What somebody who wants to do harm puts into an archive: `entry` writes it, `oddEntries` are those that are refused. */
export interface Entry {
  name?: string;
  type?: string;
  size?: string | Buffer;
  link?: string;
  prefix?: string;
  content?: Buffer;
  checksum?: string;
}

/** An entry as whoever wants to do harm writes it, its checksum right unless said otherwise. */
export function entry({
  name = "users.jsonl",
  type = "0",
  size,
  link = "",
  prefix = "",
  content,
  checksum,
}: Entry) {
  const bytes = content ?? Buffer.from("x\n");
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write("0000644\0", 100);
  const said = size ?? `${bytes.length.toString(8).padStart(11, "0")}\0`;
  if (typeof said === "string") header.write(said, 124, 12, "latin1");
  else said.copy(header, 124);
  header.write(type, 156);
  header.write(link, 157);
  header.write("ustar\x0000", 257, "latin1");
  header.write(prefix, 345);
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export const endOfArchive = Buffer.alloc(1_024);

export const base256 = (bytes: number[]) =>
  Buffer.from([0x80, ...Array(11 - bytes.length).fill(0), ...bytes]);

export const oddEntries: readonly [what: string, Entry][] = [
  ["a path upwards", { name: "../users.jsonl" }],
  ["a path upwards within", { name: "a/../../users.jsonl" }],
  ["an absolute path", { name: "/etc/users.jsonl" }],
  ["a folder's path", { name: "./users.jsonl" }],
  ["backslashes", { name: "..\\users.jsonl" }],
  ["a drive", { name: "c:users.jsonl" }],
  ["a colon", { name: "host:users.jsonl" }],
  ["no name", { name: "" }],
  ["a line feed in it", { name: "users.jsonl\n" }],
  ["an option for a name", { name: "--users.jsonl" }],
  ["capitals", { name: "Users.jsonl" }],
  ["another ending", { name: "users.sh" }],
  ["a dotfile's name", { name: ".jsonl" }],
  ["a name of 100 bytes", { name: "u".repeat(100) }],
  ["a name put together from two fields", { prefix: "etc" }],
  ["a hard link", { type: "1", link: "/etc/passwd" }],
  ["a symbolic link", { type: "2", link: "/etc/passwd" }],
  ["a character device", { type: "3" }],
  ["a block device", { type: "4" }],
  ["a folder", { type: "5" }],
  ["a pipe", { type: "6" }],
  ["a sparse file", { type: "S" }],
  ["a long name of GNU's", { type: "L", name: "././@LongLink" }],
  ["attributes for the next", { type: "x" }],
  ["attributes for all", { type: "g" }],
  ["a size that is no number", { size: "many       \0" }],
  ["a size below nothing", { size: "-0000000002\0" }],
  ["a size below nothing in base 256", { size: Buffer.alloc(12, 0xff) }],
  ["no size", { size: "\0".repeat(12) }],
  ["a size beyond the archive", { size: "00000077777\0" }],
  ["a size beyond every archive", { size: "77777777777\0" }],
  ["a size beyond every number", { size: base256([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) }],
  ["a size beyond every number and more", { size: Buffer.from([0x80, 1, ...Array(10).fill(0)]) }],
  ["a wrong checksum", { checksum: "000001\0 " }],
  ["no checksum", { checksum: "\0".repeat(8) }],
];
