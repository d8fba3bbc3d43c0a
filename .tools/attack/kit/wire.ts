import { connect, type Socket } from "node:net";

export interface Answer {
  /** null: closed without a word. */
  status: number | null;
  headers: Record<string, string>;
  text: string;
}

export interface Saying {
  port: number;
  bytes: string | Uint8Array;
  /** Whence: any address of loopback. */
  from?: string;
  /** How long an answer is waited for, ms. */
  waitMs?: number;
}

/** Sends bytes as they are, and reads until the other side closes. */
export async function say({ port, bytes, from = "127.0.0.1", waitMs = 5_000 }: Saying): Promise<Answer> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  const timer = setTimeout(() => socket.destroy(), waitMs);
  const parts: Buffer[] = [];
  socket.on("error", () => {}).on("data", (part) => parts.push(part));
  socket.write(bytes);
  await closed(socket, waitMs + 1_000);
  clearTimeout(timer);
  return parse(Buffer.concat(parts).toString("latin1"));
}

/** A socket that reads nothing until somebody does. */
export async function open(port: number, bytes = "", from = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.on("error", () => {}).pause();
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  if (bytes && !socket.destroyed) socket.write(bytes);
  return socket;
}

/** @throws Error when it is still open after that long, ms */
export async function closed(socket: Socket, withinMs: number): Promise<void> {
  if (socket.closed) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still open after ${withinMs} ms`)), withinMs);
  });
  const close = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await Promise.race([close, late]).finally(() => clearTimeout(timer));
}

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

/** A request as text; a form that its connection outlives. */
export const kept = (target: string, ...headers: string[]) =>
  `GET ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`;

/** The same, closed after its answer. */
export const request = (target: string, ...headers: string[]) =>
  kept(target, ...headers, "connection: close");
