import { connect, type Socket } from "node:net";

export interface Answer {
  /** null: closed without a word. */
  status: number | null;
  headers: Record<string, string>;
  text: string;
}

/** Sends bytes as they are, and reads until the other side closes, at most this long, ms. */
export async function say(input: {
  port: number;
  bytes: string | Uint8Array;
  address?: string;
  waitMs?: number;
}): Promise<Answer> {
  const { port, bytes, address = "127.0.0.1", waitMs = 5_000 } = input;
  const socket = connect({ port, host: "127.0.0.1", localAddress: address });
  const timer = setTimeout(() => socket.destroy(), waitMs);
  socket.on("error", () => {});
  socket.write(bytes);
  const parts: Buffer[] = [];
  socket.on("data", (part) => parts.push(part));
  await closed(socket);
  clearTimeout(timer);
  return parse(Buffer.concat(parts).toString("latin1"));
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));

function parse(raw: string): Answer {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  return { status: status ? Number(status) : null, headers, text: rest.join("\r\n\r\n") };
}

/** A request as text, closed after its answer. */
export const request = (target: string, ...headers: string[]) =>
  `GET ${target} HTTP/1.1\r\n${[...headers, "connection: close"].join("\r\n")}\r\n\r\n`;
