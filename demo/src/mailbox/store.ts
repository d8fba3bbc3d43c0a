import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";

export interface Mail {
  id: string;
  receivedAt: string;
  subject: string;
  /** `Name <address>`, as far as there is a name. */
  from: string;
  /** Envelope recipients: who the server was told to deliver to. */
  to: string[];
  text: string;
  html: string;
}

/** Received mails: one `.eml` file each with an envelope beside it, parsed ones in memory. */
export class MailStore {
  readonly #dir: string;
  readonly #mails: Mail[];

  private constructor(dir: string, mails: Mail[]) {
    this.#dir = dir;
    this.#mails = mails;
  }

  static async open(dir: string): Promise<MailStore> {
    await mkdir(dir, { recursive: true });
    const names = (await readdir(dir)).filter((name) => name.endsWith(".json"));
    const mails = await Promise.all(
      names.map(async (name) => {
        const { id, receivedAt, to } = JSON.parse(await readFile(join(dir, name), "utf8"));
        return parse(await readFile(join(dir, `${id}.eml`)), { id, receivedAt, to });
      }),
    );
    return new MailStore(
      dir,
      mails.toSorted((left, right) => left.receivedAt.localeCompare(right.receivedAt)),
    );
  }

  /** Newest first. */
  list(): Mail[] {
    return this.#mails.toReversed();
  }

  find(id: string): Mail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  /** On disk before it is known: who got a 250 finds the mail again after a kill. */
  async add(raw: Buffer, to: string[]): Promise<Mail> {
    const envelope = { id: randomUUID(), receivedAt: new Date().toISOString(), to };
    const mail = await parse(raw, envelope);
    await writeFile(join(this.#dir, `${envelope.id}.eml`), raw, { mode: 0o600 });
    const draft = join(this.#dir, `${envelope.id}.draft`);
    await writeFile(draft, JSON.stringify(envelope), { mode: 0o600 });
    await rename(draft, join(this.#dir, `${envelope.id}.json`));
    this.#mails.push(mail);
    return mail;
  }
}

async function parse(raw: Buffer, envelope: Pick<Mail, "id" | "receivedAt" | "to">): Promise<Mail> {
  const { subject = "", from, text = "", html = "" } = await PostalMime.parse(raw);
  const address = from?.address ?? "";
  return { ...envelope, subject, from: from?.name ? `${from.name} <${address}>` : address, text, html };
}
