import type { Socket } from "node:net";
import { networkOf } from "./address.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { Losses, Why } from "./losses.ts";
import type { Places } from "./places.ts";

export interface Connection {
  readonly socket: Socket;
  /** A request is under way. */
  busy: boolean;
  /** Requests behind it, each as what begins it. */
  readonly waiting: (() => void)[];
  /** Of an answer that is complete and waits to be taken: bytes, and since when, ms of `performance.now`. */
  unsent: { bytes: number; since: number } | null;
  /** Gives back its address's place. */
  readonly leave: () => void;
}

/** Who is connected, who of them could go, and what waits to be taken by them. */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  readonly #losses: Losses;
  readonly #places: Places | null;
  readonly #open = new Map<Socket, Connection>();
  // Each in the order of since when.
  readonly #silent = new Set<Connection>();
  readonly #idle = new Set<Connection>();
  readonly #reading = new Set<Connection>();
  #unsentBytes = 0;

  /** @param places of addresses; null: they are counted elsewhere */
  constructor(input: { limits: ConnectionLimits; losses: Losses; places: Places | null }) {
    this.#limits = input.limits;
    this.#losses = input.losses;
    this.#places = input.places;
  }

  find(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  /** Takes it on, or closes it. Ahead of room for all is its own address's share: who is over that pushes out nobody. */
  accept(socket: Socket): void {
    const address = socket.remoteAddress;
    const leave = this.#places ? this.#places.enter(networkOf(address ?? "")) : () => {};
    const why = leave === null ? "address" : this.#makeRoom() ? null : "full";
    if (leave === null || why) {
      leave?.();
      this.#losses.add(why ?? "address", address);
      socket.destroy();
      return;
    }
    const connection = { socket, busy: false, waiting: [], unsent: null, leave };
    this.#open.set(socket, connection);
    this.#silent.add(connection);
    socket.once("close", () => this.#forget(connection));
  }

  #makeRoom(): boolean {
    if (this.#open.size < this.#limits.connections) return true;
    const [idlest] = this.#silent.size > 0 ? this.#silent : this.#idle;
    if (idlest) this.cut(idlest, "crowded");
    return idlest !== undefined;
  }

  begins(connection: Connection): void {
    connection.busy = true;
    this.#silent.delete(connection);
    this.#idle.delete(connection);
  }

  rests(connection: Connection): void {
    connection.busy = false;
    this.#idle.add(connection);
  }

  /** Its answer is complete. Above what may wait in all, those that have taken longest are cut. */
  ended(connection: Connection): void {
    const bytes = connection.socket.writableLength;
    connection.unsent = { bytes, since: performance.now() };
    this.#reading.add(connection);
    this.#unsentBytes += bytes;
    if (bytes > this.#limits.unsentBytesPerConnection) this.cut(connection, "unsent");
    for (const longest of this.#reading)
      if (this.#unsentBytes > this.#limits.unsentBytes) this.cut(longest, "unsent");
  }

  /** Its answer has been taken, or never will be. */
  taken(connection: Connection): void {
    if (this.#reading.delete(connection)) this.#unsentBytes -= connection.unsent?.bytes ?? 0;
    connection.unsent = null;
  }

  /** Cuts who has had its time to read, and who holds too much of an answer that has no end yet. */
  sweep(): void {
    const due = performance.now() - this.#limits.answerMs;
    for (const connection of this.#reading)
      if ((connection.unsent?.since ?? due) < due) this.cut(connection, "unread");
    for (const connection of this.#open.values())
      if (connection.socket.writableLength > this.#limits.unsentBytesPerConnection)
        this.cut(connection, "unsent");
  }

  cut(connection: Connection, why: Why): void {
    this.#losses.add(why, connection.socket.remoteAddress);
    // And not `destroy`, after which the system goes on keeping what it could not send.
    connection.socket.resetAndDestroy();
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    if (!this.#open.delete(connection.socket)) return;
    this.#silent.delete(connection);
    this.#idle.delete(connection);
    this.taken(connection);
    connection.waiting.length = 0;
    connection.leave();
  }
}
