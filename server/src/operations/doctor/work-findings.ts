import type { OpenTenant } from "../../tenant/tenants.ts";
import { bad, type Finding, note } from "../finding.ts";

interface Work {
  tenant_id: string;
  stuck: number;
  dead: number;
  unknown: number;
  unsettled: number;
  conflicted: number;
  faults: number;
  slowed: number;
}

/** A delivery or a look at an attempt is made within a minute of its time, s. */
const lateS = 300;
/** What a payer, a bank and a provider that works need is over for long, s. */
const unsettledS = 3_600;

/** What waits at a tenant and should not, or waits for a person. */
export async function workFindings({ db, tenant }: OpenTenant): Promise<Finding[]> {
  const { slug } = tenant;
  const [work] = await db.query<Work>`
    select ${tenant.id}::uuid as tenant_id,
      count(*) filter (where kind = 'delivery' and is_late)::int as stuck,
      count(*) filter (where kind = 'dead_letter')::int as dead,
      count(*) filter (where kind = 'outcome' and is_late)::int as unknown,
      count(*) filter (where not is_late and (kind = 'late_news' and tries > 0
        or kind = 'outcome' and created_at < now() - make_interval(secs => ${unsettledS})))::int as unsettled,
      count(*) filter (where kind = 'conflict')::int as conflicted,
      (select count(*)::int from pay.record_faults) as faults,
      (select count(*)::int from pay.declines where slowed_at > now() - interval '1 day') as slowed
    from (
      select kind, created_at, tries, due_at < now() - make_interval(secs => ${lateS}) as is_late
      from pay.open_work where kind in ('delivery', 'dead_letter', 'outcome', 'late_news', 'conflict')
    ) work`;
  if (!work) return [];
  const findings: [count: number, Finding][] = [
    [
      work.stuck,
      bad(
        `${slug}: ${work.stuck} deliveries are due for more than ${lateS / 60} min`,
        "payers have paid, and their invoices stay open in the ERP",
        "is a worker alive? Look for `no worker` above and for the tenant in the server's log",
      ),
    ],
    [
      work.dead,
      bad(
        `${slug}: ${work.dead} dead letters`,
        "these payments reach the ERP, or their receipts the payer, only when a person replays them",
        `clarity dead-letter list ${slug} says why; clarity dead-letter replay ${slug} <id> when it is mended`,
      ),
    ],
    [
      work.unknown,
      bad(
        `${slug}: ${work.unknown} payments nobody asks the provider about`,
        "payers do not know whether they have paid",
        `is a worker alive? clarity payment list ${slug} names them`,
      ),
    ],
    [
      work.unsettled,
      bad(
        `${slug}: ${work.unsettled} payments are open for more than ${unsettledS / 3_600} h, or ended with late news`,
        "the provider is asked again and again and has not settled them; what they hold stays held",
        `clarity payment list ${slug} says why, and the verb that ends each. One made with another account waits for ` +
          `that one: clarity payment close-attempt when it is gone for good, else clarity flag set ${slug} payments-paused true, put the provider's settings back, wait, change them again`,
      ),
    ],
    [
      work.conflicted,
      bad(
        `${slug}: ${work.conflicted} payments in conflict`,
        "the provider took another amount than was asked for; nothing is posted until a person decides",
        `clarity payment list ${slug} --state conflicted; clarity payment decide ends each`,
      ),
    ],
    [
      work.faults,
      note(
        `${slug}: ${work.faults} of the ERP's records cannot be used as they are`,
        "these invoices are offered to nobody, or receipts do not go to every address",
        `clarity record-fault list ${slug} names them for the tenant, who mends them in the ERP`,
      ),
    ],
    [
      work.slowed,
      note(
        `${slug}: within a day ${work.slowed} sessions, customers, addresses or cards had too many payments declined`,
        "somebody may be trying out cards: their next tries wait, nobody is kept out",
        `clarity payment list ${slug} --state declined shows what was tried; whose ERP login it came from is for the seller to ask`,
      ),
    ],
  ];
  return findings.filter(([count]) => count > 0).map(([, finding]) => finding);
}
