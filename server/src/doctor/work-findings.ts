import { openStates } from "../payments/states.ts";
import type { OpenTenant } from "../tenants/tenants.ts";
import { bad, type Finding } from "./finding.ts";

interface Work {
  tenant_id: string;
  stuck: number;
  dead: number;
  unknown: number;
  unanswered: number;
  conflicted: number;
}

/** A delivery or a look at an attempt is made within a minute of its time, s. */
const lateS = 300;
/** Whatever a payer, a bank or a provider that works may need has been over for long, s. */
const unansweredS = 3_600;

/** What waits at a tenant and should not, or waits for a person. */
export async function workFindings({ db, tenant }: OpenTenant): Promise<Finding[]> {
  const { slug } = tenant;
  const [work] = await db.query<Work>`
    select ${tenant.id}::uuid as tenant_id,
      (select count(*)::int from pay.outbox
        where state = 'due' and due_at < now() - make_interval(secs => ${lateS})) as stuck,
      (select count(*)::int from pay.outbox where state = 'dead') as dead,
      (select count(*)::int from pay.attempts where state = any(${openStates}::text[])
        and next_check_at < now() - make_interval(secs => ${lateS})) as unknown,
      (select count(*)::int from pay.attempts where state = any(${openStates}::text[])
        and created_at < now() - make_interval(secs => ${unansweredS})) as unanswered,
      (select count(*)::int from pay.payments where state = 'conflicted') as conflicted`;
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
      work.unanswered,
      bad(
        `${slug}: ${work.unanswered} payments are open for more than ${unansweredS / 3_600} h`,
        "the provider was asked and has not said what became of them; their invoices are held",
        `clarity payment list ${slug} says why; of one made with another account only that account's key can ask`,
      ),
    ],
    [
      work.conflicted,
      bad(
        `${slug}: ${work.conflicted} payments in conflict`,
        "the provider took another amount than was asked for; nothing is posted until a person decides",
        `clarity payment list ${slug} --state conflicted`,
      ),
    ],
  ];
  return findings.filter(([count]) => count > 0).map(([, finding]) => finding);
}
